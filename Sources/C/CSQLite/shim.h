#pragma once
#include <sqlite3.h>

// Variadic functions do not reach Swift.
static inline int csqlite_db_config(sqlite3 *db, int option, int value) {
  int now = 0;
  return sqlite3_db_config(db, option, value, &now);
}
