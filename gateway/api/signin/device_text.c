/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/signin/device_text.h"

static const struct device_text texts[] = {
	{
		.tag = "en",
		.title = "Sign in a device",
		.code = "The code that the device shows:",
		.go_on = "Go on",
		.not_signed_in = "You are not signed in here. Sign in, and come back to this page:",
		.on_console = "on the console",
		.or_approve = "Or approve the device where you are signed in already:",
		.you_are = "You are",
		.program = "A program that calls itself",
		.at = "at the address",
		.asks = "asks to act as you. Approve it only if you have just started it yourself, "
			"and it shows this code:",
		.approve = "Approve",
		.turn_away = "Turn away",
		.absent = "No device waits with this code: it may have lapsed, or was answered.",
		.signed_out = "You are not signed in.",
		.done = "Done. You can close this page and go back to the device.",
	},
	{
		.tag = "de",
		.title = "Ein Gerät anmelden",
		.code = "Der Code, den das Gerät zeigt:",
		.go_on = "Weiter",
		.not_signed_in =
			"Sie sind hier nicht angemeldet. Melden Sie sich an und kommen Sie zurück:",
		.on_console = "in der Konsole",
		.or_approve = "Oder lassen Sie das Gerät dort zu, wo Sie schon angemeldet sind:",
		.you_are = "Sie sind",
		.program = "Ein Programm, das sich so nennt:",
		.at = "unter der Adresse",
		.asks = "möchte für Sie handeln. Lassen Sie es nur zu, wenn Sie es eben selbst "
			"gestartet haben und es diesen Code zeigt:",
		.approve = "Zulassen",
		.turn_away = "Abweisen",
		.absent = "Kein Gerät wartet mit diesem Code: abgelaufen oder schon beantwortet.",
		.signed_out = "Sie sind nicht angemeldet.",
		.done = "Fertig. Sie können diese Seite schließen und zum Gerät zurückkehren.",
	},
};

enum { TEXTS = sizeof texts / sizeof texts[0], WHOLE = 1000, RANGES_MAX = 32 };

/* "de-CH" is "de". */
static const struct device_text *text_of_tag(struct slice range)
{
	struct slice tag, rest;

	slice_cut(range, '-', &tag, &rest);
	for (size_t i = 0; i < TEXTS; i++)
		if (slice_equal_ignoring_case(tag, slice_of_string(texts[i].tag)))
			return &texts[i];
	return NULL;
}

/* Thousandths: "q=0.8" is 800; what is no weight is the whole. */
static int weight_of(struct slice parameter)
{
	int weight = 0, place = 100;

	if (!slice_starts_with(parameter, S("q=0")))
		return WHOLE;
	for (size_t i = sizeof "q=0." - 1; i < parameter.size && place; i++, place /= 10) {
		if (parameter.data[i] < '0' || parameter.data[i] > '9')
			break;
		weight += place * (parameter.data[i] - '0');
	}
	return weight;
}

const struct device_text *device_text_of(struct slice accepted)
{
	const struct device_text *best = &texts[0];
	struct slice rest = accepted;
	int most = 0;

	for (int i = 0; i < RANGES_MAX && rest.size; i++) {
		struct slice range, tag, parameter;
		const struct device_text *text;

		slice_cut(rest, ',', &range, &rest);
		slice_cut(range, ';', &tag, &parameter);
		text = text_of_tag(slice_trim(tag));
		if (text && weight_of(slice_trim(parameter)) > most) {
			most = weight_of(slice_trim(parameter));
			best = text;
		}
	}
	return best;
}
