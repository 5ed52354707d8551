# SPDX-License-Identifier: Apache-2.0
# cmake -DOUTPUT=out.c -DFILES="a.sql;b.sql" -P embed.cmake: the migrations as a C file.
set(arrays "")
set(table "")
set(count 0)
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME_WE)
  string(REGEX MATCH "^[0-9]+" number ${name})
  string(REGEX REPLACE "^0+" "" number ${number})
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes ${hex})
  string(APPEND arrays "static const uint8_t sql_${name}[] = {\n\t${bytes}\n};\n\n")
  string(APPEND table "\t{${number}, \"${name}\", {sql_${name}, sizeof sql_${name}}},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE ${OUTPUT} "/* Generated from schema/sql by embed.cmake. */
#include \"schema/store/migrate.h\"

${arrays}const struct migration migrations[] = {
${table}};

const size_t migration_count = ${count};
")
