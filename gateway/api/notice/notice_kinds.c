/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/notice/notice_kinds.h"

#define REQUEST "/api/v1/access-requests/{request}"
#define LICENSE "/api/v1/licenses/{license}"
#define MODEL "/{model}"
#define ADAPTERS "/api/v1/models/{model}/adapters"
#define KEYS "/api/v1/keys"
#define TOKENS "/api/v1/tokens"
#define ACCOUNT "/api/whoami-v2"

enum { OFFICES = NOTICE_LICENSERS | NOTICE_MODELERS };

/* clang-format off */
static const struct notice_kind kinds[] = {
	/* requests */
	{"request.submit",   NOTICE_DECIDERS, "Access to {model} is asked for",
	 "{person} asks for access to {model}.", "", "Read the request and decide it, or return it with a question.", REQUEST},
	{"request.approve",  NOTICE_PERSON, "Access to {model} was approved",
	 "The request of {person} for access to {model} was approved, and a license was issued.", "You can use the model now, with the access tokens you have.", "", REQUEST},
	{"request.deny",     NOTICE_PERSON, "Access to {model} was denied",
	 "The request of {person} for access to {model} was denied.", "Read the reason there. You may appeal: somebody else decides then.", "", REQUEST},
	{"request.return",   NOTICE_PERSON, "Your request for {model} needs a change",
	 "The request of {person} for access to {model} was returned.", "Read there what is missing, change the request, and submit it again.", "", REQUEST},
	{"request.withdraw", NOTICE_PERSON | NOTICE_DECIDERS, "A request for {model} was withdrawn",
	 "The request of {person} for access to {model} was withdrawn.", "You may ask again at any time.", "Nothing is left to decide.", REQUEST},
	{"request.appeal",   NOTICE_DECIDERS, "A denial for {model} is appealed",
	 "{person} appeals the denial of access to {model}.", "", "Somebody who did not deny it decides now.", REQUEST},
	{"request.save",     0, "", "", "", "", ""},
	{"request.comment",  NOTICE_PERSON | NOTICE_DECIDERS, "A word about a request for {model}",
	 "Somebody has written about the request of {person} for access to {model}.", "Read it there, and answer if it asks something.", "Read it there.", REQUEST},
	{"request.remark",   NOTICE_DECIDERS, "A word to the committee of {model}",
	 "Somebody has written to the committee about the request of {person} for access to {model}.", "", "Read it there.", REQUEST},
	{"request.vote",     NOTICE_DECIDERS, "A vote on a request for {model}",
	 "A vote was cast on the request of {person} for access to {model}; it is not decided yet.", "", "See there whether yours is missing.", REQUEST},
	{"request.recuse",   NOTICE_DECIDERS, "A decider of {model} has stepped back",
	 "Somebody has declared a conflict of interest in the request of {person} for access to {model}.", "", "See there who is left to decide.", REQUEST},
	{"request.review",   NOTICE_PERSON, "A request for {model} waits for your eyes",
	 "{person} is invited to read a request for access to {model}, and to comment on it.", "Read it there; those who decide will read what you write.", "", REQUEST},
	{"request.delegate", NOTICE_PERSON, "You vote in another's place",
	 "{person} may vote on requests for access in another's place for a while.", "See there which, and until when.", "", "/api/v1/delegations"},
	{"request.remind",   NOTICE_DECIDERS, "A request for {model} waits",
	 "The request of {person} for access to {model} has waited as long as its model's rule allows.", "", "Decide it, or return it with a question.", REQUEST},
	{"request.escalate", NOTICE_PERSON | NOTICE_DECIDERS, "A request for {model} waits too long",
	 "A request for access to {model} has waited too long, and is turned over to {person}.", "See there what holds it up, and who can decide it.", "Decide it, or return it with a question.", REQUEST},
	{"request.accept",   NOTICE_PERSON, "Somebody has accepted the terms of {model}",
	 "Somebody who is named in the request of {person} for {model} has accepted its terms.", "See there who is still missing.", "", REQUEST},
	{"request.countersign", NOTICE_PERSON | NOTICE_DECIDERS, "A request for {model} was countersigned",
	 "The signing official has countersigned the request of {person} for access to {model}.", "Nothing is to be done.", "It can be decided now.", REQUEST},
	{"request.",         NOTICE_PERSON | NOTICE_DECIDERS, "News of a request for {model}",
	 "Something has happened to the request of {person} for access to {model}.", "See there what it is, and whether it is your turn.", "See there what it is, and whether it is your turn.", REQUEST},

	/* licenses: an approval tells of the issue */
	{"license.issue",    0, "", "", "", "", ""},
	{"license.revoke",   NOTICE_PERSON | NOTICE_LICENSERS, "The license for {model} was revoked",
	 "The license of {person} for {model} was revoked. What ran on it has ended.", "Stop using what you have of the model, as the terms say. The reason stands there.", "Nothing is to be done.", LICENSE},
	{"license.suspend",  NOTICE_PERSON | NOTICE_LICENSERS, "The license for {model} is suspended",
	 "The license of {person} for {model} is suspended for now.", "The reason stands there, and whom to ask.", "It can be reinstated there.", LICENSE},
	{"license.reinstate", NOTICE_PERSON, "The license for {model} holds again",
	 "The license of {person} for {model} was reinstated.", "You can go on as before.", "", LICENSE},
	{"license.renew",    NOTICE_PERSON, "The license for {model} was renewed",
	 "The license of {person} for {model} was replaced by one that lasts longer.", "Nothing is to be done.", "", LICENSE},
	{"license.remind",   NOTICE_PERSON, "The license for {model} ends soon",
	 "The license of {person} for {model} ends soon.", "Ask for its renewal there, with a short report, or close it.", "", LICENSE},
	{"license.report",   NOTICE_LICENSERS, "A renewal for {model} is asked for",
	 "{person} asks for the renewal of the license for {model}, with a report.", "", "Read the report, and renew the license or decline.", LICENSE},
	{"license.decline",  NOTICE_PERSON, "The renewal for {model} was declined",
	 "The renewal of the license of {person} for {model} was declined. The license lasts as long as it did.", "Read the reason there.", "", LICENSE},
	{"license.close",    NOTICE_PERSON | NOTICE_LICENSERS, "The license for {model} was closed",
	 "The license of {person} for {model} was closed by its holder, who attests what became of the copies.", "Nothing is to be done.", "Read the attestation there.", LICENSE},
	{"license.checkout", 0, "", "", "", "", ""},
	{"license.export",   0, "", "", "", "", ""},
	{"license.many",     0, "", "", "", "", ""},
	{"license.accept",   0, "", "", "", "", ""},
	{"license.",         NOTICE_PERSON, "News of your license for {model}",
	 "Something has happened to the license of {person} for {model}.", "See there what it is, and whether something is to be done.", "See there.", LICENSE},

	/* persons: what was done to an account is told to whom it belongs, whoever did it */
	{"person.add",       NOTICE_PERSON, "You have an account",
	 "An account named {person} was made for you.", "Whoever made it gives you the first access token.", "", ACCOUNT},
	{"person.suspend",   NOTICE_PERSON | NOTICE_KEEPERS, "The account of {person} is suspended",
	 "The account of {person} was suspended. What ran for it has ended.", "Ask an administrator for the reason.", "It can be reinstated.", ACCOUNT},
	{"person.invite",    0, "", "", "", "", ""},
	{"person.",          NOTICE_PERSON | NOTICE_KEEPERS, "The account of {person} was changed",
	 "The account of {person} was changed.", "See there, and ask an administrator if you did not expect it.", "Nothing is to be done.", ACCOUNT},
	{"office.",          NOTICE_PERSON | NOTICE_KEEPERS, "The offices of {person} were changed",
	 "The offices of {person} were changed.", "See there what you may do now.", "Look into the log if you did not expect it.", ACCOUNT},
	{"key.enroll",       NOTICE_SELF, "A key was added to your account",
	 "A public key was enrolled for {person}: what it signs counts as signed by you.", "If that was not you, tell an administrator at once.", "", KEYS},
	{"token.create",     NOTICE_SELF, "An access token was made for your account",
	 "A new access token of {person} was made.", "If that was not you, revoke it, and tell an administrator.", "", TOKENS},
	{"token.revoke",     0, "", "", "", "", ""},
	{"password.set",     NOTICE_SELF, "The password of your account was set",
	 "The password of {person} was set.", "If that was not you, tell an administrator at once.", "", ACCOUNT},
	{"identity.",        NOTICE_SELF, "The identities of your account were changed",
	 "An identity at another provider was linked to the account of {person}, or is no more.", "If that was not you, tell an administrator at once.", "", ACCOUNT},
	{"card.",            NOTICE_PERSON, "Your library card was changed",
	 "The library card of {person} was issued or revoked by their institution.", "See there what it lets you ask for.", "", ACCOUNT},
	{"referee.answer",   NOTICE_PERSON, "Your referee has answered",
	 "The referee of {person} has answered.", "See there what they said.", "", ACCOUNT},
	{"approver.",        NOTICE_KEEPERS | NOTICE_LICENSERS, "The keys of approvers were changed",
	 "A key that signs approvals was enrolled or removed, or the rule was changed.", "", "Look into the log if you did not expect it.", "/api/v1/approvers"},
	{"institution.",     NOTICE_KEEPERS, "An institution was changed",
	 "An institution, or who belongs to it, was changed.", "", "Look into the log if you did not expect it.", "/api/v1/institution-licenses"},

	{"webhook.create",   0, "", "", "", "", ""},
	{"webhook.remove",   0, "", "", "", "", ""},
	{"webhook.",         NOTICE_LICENSERS, "A webhook was disabled",
	 "Nothing has come through to a webhook for twelve hours, or it says that it is gone: it is not called any more.", "", "See which, and why; remove it, and make it anew where it is.", "/api/v1/webhooks"},

	/* models */
	{"model.create",     NOTICE_MODELERS, "There is a new model {model}",
	 "The model {model} was made.", "", "Set its gate and its terms before it is published.", MODEL},
	{"model.settings",   OFFICES, "The settings of {model} were changed",
	 "The gate, the terms or what is open of {model} was changed.", "", "Look into the log if you did not expect it.", MODEL},
	{"model.disable",    NOTICE_HOLDERS | OFFICES, "{model} is disabled",
	 "The model {model} was disabled: no file is given out, and nothing is generated.", "Licenses stay; they hold again once the model is enabled.", "It can be enabled again.", MODEL},
	{"model.enable",     NOTICE_HOLDERS | OFFICES, "{model} is enabled again",
	 "The model {model} can be used again.", "You can go on as before.", "Nothing is to be done.", MODEL},
	{"model.shred",      NOTICE_HOLDERS | OFFICES, "{model} was destroyed",
	 "The keys of {model} were destroyed: its files cannot be opened any more, by anybody.", "Copies that you were given are still bound by the terms.", "Nothing is to be done.", MODEL},
	{"model.commit",     NOTICE_MODELERS, "{model} has a new revision",
	 "A revision of {model} was committed.", "", "Look into the log if you did not expect it.", MODEL},
	{"model.serve",      0, "", "", "", "", ""},
	{"model.recall",     NOTICE_PERSON | OFFICES, "A revision of {model} was recalled",
	 "A revision of {model} was recalled: nobody is to have it any more.", "Delete all copies that you have of it, and attest that.", "See there who has attested.", "/api/v1/recalls"},
	{"model.attest",     OFFICES, "A deletion was attested for {model}",
	 "{person} attests that a recalled revision of {model} was deleted.", "", "See there who has not.", "/api/v1/recalls"},
	{"model.export",     OFFICES, "A sealed file of {model} was saved",
	 "A file of {model} was saved as it is sealed.", "", "Look into the log if you did not expect it.", MODEL},
	{"model.",           OFFICES, "{model} was changed",
	 "The model {model} was changed.", "", "Look into the log if you did not expect it.", MODEL},

	/* adapters: {person} is whose it is */
	{"adapter.submit",   NOTICE_MODELERS, "An adapter for {model} waits for review",
	 "{person} has brought an adapter for {model}, and asks that others may use it.", "", "Review it there: approve it, or reject it with a reason.", ADAPTERS},
	{"adapter.approve",  NOTICE_PERSON, "Your adapter for {model} is published",
	 "An adapter of {person} for {model} was reviewed and published.", "Whoever may generate with the model may use it now.", "", ADAPTERS},
	{"adapter.reject",   NOTICE_PERSON, "Your adapter for {model} was rejected",
	 "An adapter of {person} for {model} was reviewed, and is not for others.", "Read the reason there. You can use it yourself as before.", "", ADAPTERS},
	{"adapter.delete",   NOTICE_PERSON, "Your adapter for {model} was deleted",
	 "An adapter of {person} for {model} was deleted: its key is destroyed.", "Ask who administers the model for the reason.", "", ADAPTERS},

	/* criteria: two people activate them */
	{"policy.propose",   NOTICE_MODELERS, "Criteria of {model} are proposed",
	 "New criteria for access to {model} are proposed.", "", "Try them over what was decided; somebody else than the proposer activates them.", "/api/v1/models/{model}/criteria"},
	{"policy.stage",     NOTICE_MODELERS, "New criteria of {model} have their day",
	 "New criteria for access to {model} will hold from the day that was said.", "", "Withdraw them before that day if they should not.", "/api/v1/models/{model}/criteria"},
	{"policy.withdraw",  NOTICE_MODELERS, "Criteria of {model} were withdrawn",
	 "Criteria for access to {model} that were proposed or had their day are drafts again.", "What holds goes on to hold.", "Propose others if there should be a change.", "/api/v1/models/{model}/criteria"},
	{"policy.activate",  NOTICE_MODELERS, "New criteria of {model} hold",
	 "New criteria for access to {model} hold from now on.", "", "Look into the log if you did not expect it.", "/api/v1/models/{model}/criteria"},

	/* terms: a text alone concerns nobody, its becoming a model's does */
	{"terms.add",        0, "", "", "", "", ""},
	{"terms.",           NOTICE_PERSON | NOTICE_HOLDERS, "The terms of {model} have changed",
	 "The terms of {model} have changed.", "Read them there, and accept them in time: a license under the old ones is suspended then.", "", MODEL},
};
/* clang-format on */

static const struct notice_kind untold = {.name = "", .audience = 0};

const struct notice_kind *notice_kinds(size_t *count)
{
	*count = sizeof kinds / sizeof kinds[0];
	return kinds;
}

static bool is_family(struct slice name)
{
	return slice_ends_with(name, S("."));
}

const struct notice_kind *notice_kind_of(struct slice name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct slice row = slice_of_string(kinds[i].name);

		if (slice_equal(row, name) || (is_family(row) && slice_starts_with(name, row)))
			return &kinds[i]; /* a family stands behind its own kinds */
	}
	return &untold;
}

void notice_write(struct buf *out, const char *words, const struct notice_names *names)
{
	const struct {
		struct slice name, value;
	} known[] = {
		{S("model}"), names->model},
		{S("person}"), names->person},
		{S("request}"), names->request},
		{S("license}"), names->license},
	};
	struct slice rest = slice_of_string(words), head;

	while (slice_cut(rest, '{', &head, &rest)) {
		buf_write(out, head);
		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
			if (slice_starts_with(rest, known[i].name)) {
				buf_write(out, known[i].value.size ? known[i].value : S("?"));
				rest = slice_part(rest, known[i].name.size, rest.size);
				break;
			}
	}
	buf_write(out, head);
}

bool notice_pattern_matches(struct slice pattern, struct slice kind)
{
	if (slice_equal(pattern, S("*")) || slice_equal(pattern, kind))
		return true;
	return slice_ends_with(pattern, S(".*")) &&
	       slice_starts_with(kind, slice_part(pattern, 0, pattern.size - 1));
}

enum err notice_pattern_check(struct slice pattern)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct slice name = slice_of_string(kinds[i].name);

		if (kinds[i].audience &&
		    (is_family(name) ? slice_starts_with(pattern, name) && pattern.size > name.size
				     : notice_pattern_matches(pattern, name)))
			return OK;
	}
	return failure(ERR_FORMAT,
		       "\"%.*s\" names nothing that is told: request.deny, license.* or * are good",
		       SLICE_PRINT(slice_part(pattern, 0, 60)));
}
