/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/person.h"

#include "crypto/base/text.h"

enum err person_id(const char **out, struct cli *cli, struct client *c, const char *word)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct slice name = slice_of_string(word), one;
	const json_t *persons;
	const char *path;
	uint8_t id[16];

	*out = word;
	if (text_read_uuid(id, name) == OK)
		return OK;
	path = arena_printf(&cli->arena, "/api/v1/persons?name=%s",
			    client_encode(&cli->arena, name));
	TRY(client_call(c, &answer, "GET", path, NULL));
	TRY(json_get_array(&persons, answer, "persons"));
	for (size_t i = 0; i < json_array_size(persons); i++) {
		const json_t *person = json_array_get(persons, i);

		TRY(json_get_text(&one, person, "name"));
		if (!slice_equal(one, name))
			continue;
		TRY(json_get_text(&one, person, "id"));
		*out = arena_string(&cli->arena, one);
		return OK;
	}
	return failure(ERR_NOT_FOUND, "there is no person named \"%s\"", word);
}
