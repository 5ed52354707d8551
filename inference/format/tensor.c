/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/format/tensor.h"

#include <string.h>

static const struct {
	const char *name;
	size_t elements;
	size_t bytes;
	int number;
} types[] = {
#define TENSOR_ROW(type, name, elements, bytes, number) [type] = {name, elements, bytes, number},
	TENSOR_TYPES(TENSOR_ROW)
#undef TENSOR_ROW
};

const char *tensor_type_name(enum tensor_type type)
{
	return types[type].name;
}

size_t tensor_type_size(enum tensor_type type)
{
	return types[type].bytes;
}

size_t tensor_type_elements(enum tensor_type type)
{
	return types[type].elements;
}

bool tensor_type_of_number(enum tensor_type *out, uint32_t number)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (types[i].number < 0 || (uint32_t)types[i].number != number)
			continue;
		*out = (enum tensor_type)i;
		return true;
	}
	return false;
}

bool tensor_type_of_name(enum tensor_type *out, const char *name)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (strcmp(types[i].name, name) != 0)
			continue;
		*out = (enum tensor_type)i;
		return true;
	}
	return false;
}
