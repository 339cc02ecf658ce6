#pragma once
#include <stdint.h>

// The C library shows these only to those who ask for all of Linux's own calls, which Swift does not.
#ifndef SYNC_FILE_RANGE_WRITE
#define SYNC_FILE_RANGE_WRITE 2U
int sync_file_range(int file, int64_t offset, int64_t count, unsigned int flags);
#endif
