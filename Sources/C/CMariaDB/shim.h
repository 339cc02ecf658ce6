#pragma once
#include <mysql.h>

// Variadic functions do not reach Swift.
static inline int cmariadb_add_attribute(MYSQL *mysql, const char *name, const char *value) {
  return mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, name, value);
}
