#pragma once
#include <libpq-fe.h>

// Constants that are characters do not reach Swift.
static const int cpostgres_sqlstate = PG_DIAG_SQLSTATE;
static const int cpostgres_table = PG_DIAG_TABLE_NAME;
static const int cpostgres_message = PG_DIAG_MESSAGE_PRIMARY;
