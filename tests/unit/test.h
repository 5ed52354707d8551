/* SPDX-License-Identifier: Apache-2.0 */
/* test.h - what every unit test includes: cmocka with what it wants before it. */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/base/err.h"

/* Fails with the text of the failure, so that a red test says why. */
#define assert_ok(call) \
	do { \
		enum err assert_result_ = (call); \
		if (assert_result_ != OK) \
			fail_msg("%s: %s: %s", #call, err_name(assert_result_), failure_text()); \
	} while (0)

#define assert_err(call, kind) assert_string_equal(err_name(call), err_name(kind))

#define assert_slice(actual, text) \
	do { \
		struct slice assert_slice_ = (actual); \
		assert_int_equal(assert_slice_.size, strlen(text)); \
		assert_memory_equal(assert_slice_.data, text, assert_slice_.size); \
	} while (0)

#endif
