/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/open_paths.h"

/* Formats that hold weights, as a part between dots of a file's name. */
static const char *const weights[] = {
	"safetensors", "gguf",  "ggml", "bin",  "pt",     "pth",     "ckpt",      "onnx",
	"onnx_data",   "h5",    "hdf5", "npz",  "npy",    "msgpack", "pkl",       "pickle",
	"joblib",      "keras", "pb",   "ot",   "tflite", "mlmodel", "mlpackage", "engine",
	"llamafile",   "nemo",  "mar",  "plan", "params", "distcp",  "weights",
};

static struct slice leaf_of(struct slice path)
{
	struct slice head, rest = path;

	while (slice_cut(rest, '/', &head, &rest))
		;
	return head;
}

static bool is_weights_format(struct slice part)
{
	for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++)
		if (slice_equal_ignoring_case(part, slice_of_string(weights[i])))
			return true;
	return false;
}

bool open_path_is_weights(struct slice path)
{
	struct slice part, rest, leaf = leaf_of(path);
	bool is_any = false, more = slice_cut(leaf, '.', &part, &rest);

	while (more) {
		more = slice_cut(rest, '.', &part, &rest);
		is_any = is_any || is_weights_format(part);
	}
	return is_any && !slice_equal_ignoring_case(part, S("json"));
}

static enum err check_sign(uint8_t c)
{
	if (c < 0x20 || c == 0x7f)
		return failure(ERR_FORMAT, "an open path has a control character");
	if (strchr("?[]{}\\!", c))
		return failure(ERR_FORMAT,
			       "an open path knows * and ** only, not \"%c\": * takes any sign but "
			       "the slash",
			       c);
	return OK;
}

static enum err check_segment(struct slice segment)
{
	bool is_deep = slice_equal(segment, S("**"));

	if (segment.size == 0)
		return failure(ERR_FORMAT, "an open path has no slash at its ends, and none twice");
	if (slice_equal(segment, S(".")) || slice_equal(segment, S("..")))
		return failure(ERR_FORMAT, "an open path has no \".\" and no \"..\"");
	for (size_t i = 0; i + 1 < segment.size && !is_deep; i++)
		if (segment.data[i] == '*' && segment.data[i + 1] == '*')
			return failure(ERR_FORMAT, "** must fill its segment, as in docs/**");
	return OK;
}

enum err open_pattern_check(struct slice pattern)
{
	struct slice segment, rest = pattern;
	bool more = true;

	if (pattern.size == 0 || pattern.size > OPEN_PATTERN_MAX)
		return failure(ERR_FORMAT, "an open path has 1 to %d bytes, not %zu",
			       OPEN_PATTERN_MAX, pattern.size);
	if (!slice_is_utf8(pattern))
		return failure(ERR_FORMAT, "an open path must be UTF-8");
	for (size_t i = 0; i < pattern.size; i++)
		TRY(check_sign(pattern.data[i]));
	while (more) {
		more = slice_cut(rest, '/', &segment, &rest);
		TRY(check_segment(segment));
	}
	if (open_path_is_weights(pattern))
		return failure(ERR_FORMAT,
			       "\"%.*s\" names weights, which stay gated; to open a whole model "
			       "set its gate to \"no\" or \"public\"",
			       SLICE_PRINT(pattern));
	return OK;
}

/* One segment. When a sign does not fit, the last star takes one more and all is tried from there:
 * enough, since an earlier star has no better choice than its shortest (Krauss, "Matching
 * Wildcards", 2008). */
static bool segment_matches(struct slice pattern, struct slice text)
{
	size_t p = 0, t = 0, star = pattern.size, mark = 0;

	while (t < text.size) {
		if (p < pattern.size && pattern.data[p] == '*') {
			star = p++;
			mark = t;
		} else if (p < pattern.size && pattern.data[p] == text.data[t]) {
			p++;
			t++;
		} else if (star < pattern.size) {
			p = star + 1;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.size && pattern.data[p] == '*')
		p++;
	return p == pattern.size;
}

/* What is left of a text cut at its slashes; "" between two slashes is a segment too. */
struct walk {
	struct slice rest;
	bool is_over;
};

static struct slice take(struct walk *w)
{
	struct slice segment;

	w->is_over = !slice_cut(w->rest, '/', &segment, &w->rest);
	return segment;
}

/* The same one level up: segments for signs, the double star for the star. */
static bool path_matches(struct slice pattern, struct slice path)
{
	struct walk p = {pattern, false}, t = {path, false}, after_star = {S(""), true}, mark = t;
	bool has_star = false;

	while (!t.is_over) {
		struct walk next = p, here = t;
		struct slice wanted = p.is_over ? S("") : take(&next);

		if (!p.is_over && slice_equal(wanted, S("**"))) {
			has_star = true;
			p = after_star = next;
			mark = t;
		} else if (!p.is_over && segment_matches(wanted, take(&here))) {
			p = next;
			t = here;
		} else if (has_star) {
			take(&mark);
			t = mark;
			p = after_star;
		} else {
			return false;
		}
	}
	while (!p.is_over)
		if (!slice_equal(take(&p), S("**")))
			return false;
	return true;
}

bool open_pattern_matches(struct slice pattern, struct slice path)
{
	return !open_path_is_weights(path) && open_pattern_check(pattern) == OK &&
	       path_matches(pattern, path);
}

bool open_paths_next(struct slice *pattern, struct slice *rest)
{
	do {
		if (rest->size == 0)
			return false;
		slice_cut(*rest, '\n', pattern, rest);
	} while (pattern->size == 0);
	return true;
}

bool open_paths_find(struct slice *pattern, struct slice list, struct slice path)
{
	while (open_paths_next(pattern, &list))
		if (open_pattern_matches(*pattern, path))
			return true;
	return false;
}
