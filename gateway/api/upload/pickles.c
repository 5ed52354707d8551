/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/upload/pickles.h"

#include "policy/pickle.h"

enum { PATH_SHOWN = 200 };

enum err pickles_check(const struct store_model *model, struct slice path, bool is_pickle)
{
	if (model->allow_pickle || (!is_pickle && !pickle_is_named(path)))
		return OK;
	return failure(
		ERR_UNSUPPORTED,
		"file \"%.*s\": a Python pickle: to read one runs whatever program is in it. "
		"Convert the weights to safetensors; or an administrator sets "
		"\"allow_pickle\" for this model, and it is carried unread",
		SLICE_PRINT(slice_part(path, 0, PATH_SHOWN)));
}
