# SPDX-License-Identifier: Apache-2.0
# cmake -DINPUT=openapi.json -DOUTPUT=openapi.c -P embed.cmake: the description as a C file.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes ${hex})
file(WRITE ${OUTPUT} "/* Generated from schema/api/openapi.json by embed.cmake. */
#include \"schema/api/openapi.h\"

static const uint8_t text[] = {
\t${bytes}
};

struct slice openapi_text(void)
{
\treturn slice_of(text, sizeof text);
}
")
