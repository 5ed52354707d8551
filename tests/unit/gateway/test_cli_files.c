/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/cli/demo_folder.h"
#include "gateway/cli/log_state.h"
#include "gateway/cli/login.h"
#include "gateway/cli/tls_files.h"
#include "gateway/cli/walk.h"

struct room {
	char path[64];
	int dir;
	struct arena arena;
};

static struct room room_new(void)
{
	struct room r = {.path = "/tmp/sallyport-test-XXXXXX", .dir = -1};

	assert_non_null(mkdtemp(r.path));
	assert_int_equal(chmod(r.path, 0755), 0);
	assert_ok(file_open_directory(&r.dir, AT_FDCWD, r.path));
	return r;
}

/* What tests make is two levels deep at most. */
static void room_clear(struct room *r)
{
	static const char *const names[] = {
		"c/d/e",      "c/d",          "c/link",          "c",   "a",    "b",
		".git",       "f/login.json", "f/state.json",    "f",   "link", "ca.pem",
		"server.pem", "server.key",   ".sallyport-demo", "fifo"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (unlinkat(r->dir, names[i], 0) != 0)
			unlinkat(r->dir, names[i], AT_REMOVEDIR);
	file_close(&r->dir);
	rmdir(r->path);
	arena_free(&r->arena);
}

static void put(const struct room *r, const char *path, const char *text)
{
	assert_ok(file_write_atomic(r->dir, path, slice_of_string(text), 0644));
}

static const char *below(struct room *r, const char *name)
{
	return arena_printf(&r->arena, "%s/%s", r->path, name);
}

static void walk_lists_plain_files_sorted_and_leaves_hidden_names_out(void **state)
{
	AUTO(room_clear) struct room r = room_new();
	AUTO(walk_clear) struct walk w = {.dir = -1};

	(void)state;
	assert_ok(file_make_directory(r.dir, "c/d", 0755));
	put(&r, "c/d/e", "12345");
	put(&r, "b", "1");
	put(&r, "a", "");
	put(&r, ".git", "x");
	assert_ok(walk_directory(&w, &r.arena, r.path));
	assert_int_equal(w.count, 3);
	assert_slice(w.files[0].path, "a");
	assert_slice(w.files[1].path, "b");
	assert_slice(w.files[2].path, "c/d/e");
	assert_int_equal(w.hidden, 1);
	assert_int_equal(w.bytes, 6);
}

static void walk_refuses_links_and_special_files(void **state)
{
	AUTO(room_clear) struct room r = room_new();
	struct walk w;

	(void)state;
	put(&r, "a", "1");
	assert_int_equal(symlinkat("/etc/passwd", r.dir, "link"), 0);
	assert_err(walk_directory(&w, &r.arena, r.path), ERR_DENIED);
	assert_int_equal(unlinkat(r.dir, "link", 0), 0);
	assert_int_equal(mkfifoat(r.dir, "fifo", 0600), 0);
	assert_err(walk_directory(&w, &r.arena, r.path), ERR_DENIED);
}

static void walk_refuses_an_empty_directory(void **state)
{
	AUTO(room_clear) struct room r = room_new();
	struct walk w;

	(void)state;
	assert_err(walk_directory(&w, &r.arena, r.path), ERR_NOT_FOUND);
}

static void a_file_that_changed_since_the_walk_is_noticed(void **state)
{
	AUTO(room_clear) struct room r = room_new();
	AUTO(walk_clear) struct walk w = {.dir = -1};
	AUTO(file_close) int fd = -1;

	(void)state;
	put(&r, "a", "123");
	assert_ok(walk_directory(&w, &r.arena, r.path));
	put(&r, "a", "1234");
	assert_err(walk_open(&fd, &w, &r.arena, &w.files[0]), ERR_CONFLICT);
}

static void login_is_kept_for_its_owner_only(void **state)
{
	AUTO(room_clear) struct room r = room_new();
	const char *path = below(&r, "f/login.json");
	struct login login = {"https://x", NULL, "hf_secret"}, back;
	struct stat status;

	(void)state;
	assert_err(login_read(&back, &r.arena, path), ERR_NOT_FOUND);
	assert_ok(login_write(&login, path));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_ok(login_read(&back, &r.arena, path));
	assert_string_equal(back.url, "https://x");
	assert_null(back.ca);
	assert_string_equal(back.token, "hf_secret");
	assert_int_equal(chmod(path, 0640), 0);
	assert_err(login_read(&back, &r.arena, path), ERR_DENIED);
}

static void folders_follow_the_xdg_variables(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	const char *folder;

	(void)state;
	setenv("HOME", "/h/u", 1);
	setenv("XDG_CONFIG_HOME", "/c", 1);
	assert_ok(login_config_folder(&folder, &arena));
	assert_string_equal(folder, "/c/sallyport");
	setenv("XDG_CONFIG_HOME", "relative", 1);
	assert_ok(login_config_folder(&folder, &arena));
	assert_string_equal(folder, "/h/u/.config/sallyport");
	unsetenv("XDG_STATE_HOME");
	assert_ok(login_state_folder(&folder, &arena));
	assert_string_equal(folder, "/h/u/.local/state/sallyport");
}

static void log_state_comes_back_as_it_was_kept(void **state)
{
	AUTO(room_clear) struct room r = room_new();
	const char *path = below(&r, "f/state.json");
	struct log_state kept = {"k+1+2", {7, {1, 2, 3}}}, back;

	(void)state;
	assert_ok(log_state_read(&back, &r.arena, path));
	assert_null(back.vkey);
	assert_ok(log_state_write(&kept, path));
	assert_ok(log_state_read(&back, &r.arena, path));
	assert_string_equal(back.vkey, "k+1+2");
	assert_int_equal(back.checkpoint.size, 7);
	assert_memory_equal(back.checkpoint.root, kept.checkpoint.root, 32);
}

static void two_logs_are_remembered_apart(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	const char *a, *b;

	(void)state;
	setenv("HOME", "/h/u", 1);
	assert_ok(log_state_path(&a, &arena, "https://a"));
	assert_ok(log_state_path(&b, &arena, "https://b"));
	assert_string_not_equal(a, b);
}

static void a_demo_takes_an_empty_directory_and_its_own_again(void **state)
{
	AUTO(room_clear) struct room r = room_new();
	const char *dir;
	int lock = -1, second = -1;

	(void)state;
	assert_ok(demo_folder_take(&dir, &lock, &r.arena, r.path));
	assert_err(demo_folder_take(&dir, &second, &r.arena, r.path), ERR_CONFLICT);
	file_close(&second);
	file_close(&lock);
	assert_ok(file_make_directory(r.dir, "c/d", 0755));
	put(&r, "c/d/e", "old");
	assert_int_equal(symlinkat("/etc", r.dir, "c/link"), 0);
	assert_ok(demo_folder_take(&dir, &lock, &r.arena, r.path));
	assert_int_equal(faccessat(r.dir, "c", F_OK, 0), -1);
	assert_int_equal(access("/etc/passwd", F_OK), 0);
	file_close(&lock);
}

static void a_demo_refuses_a_directory_with_something_else_in_it(void **state)
{
	AUTO(room_clear) struct room r = room_new();
	const char *dir;
	int lock = -1;

	(void)state;
	put(&r, "a", "mine");
	assert_err(demo_folder_take(&dir, &lock, &r.arena, r.path), ERR_CONFLICT);
	assert_int_equal(faccessat(r.dir, "a", F_OK, 0), 0);
	assert_int_equal(faccessat(r.dir, ".sallyport-demo", F_OK, 0), -1);
}

static void a_certificate_is_made_once_and_its_key_is_for_the_owner(void **state)
{
	AUTO(room_clear) struct room r = room_new();
	static const char *const hosts[] = {"gateway.example", "192.0.2.7"};
	struct stat status;

	(void)state;
	assert_ok(tls_files_create(r.dir, hosts, 2));
	assert_int_equal(fstatat(r.dir, "server.key", &status, 0), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(faccessat(r.dir, "ca.key", F_OK, 0), -1);
	assert_err(tls_files_create(r.dir, hosts, 2), ERR_CONFLICT);
}

static void a_certificate_is_made_for_names_of_hosts_only(void **state)
{
	static const char *const rows[] = {"", "a,IP:1.2.3.4", "a b", "a\n"};
	AUTO(room_clear) struct room r = room_new();

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_err(tls_files_create(r.dir, &rows[i], 1), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walk_lists_plain_files_sorted_and_leaves_hidden_names_out),
		cmocka_unit_test(walk_refuses_links_and_special_files),
		cmocka_unit_test(walk_refuses_an_empty_directory),
		cmocka_unit_test(a_file_that_changed_since_the_walk_is_noticed),
		cmocka_unit_test(login_is_kept_for_its_owner_only),
		cmocka_unit_test(folders_follow_the_xdg_variables),
		cmocka_unit_test(log_state_comes_back_as_it_was_kept),
		cmocka_unit_test(two_logs_are_remembered_apart),
		cmocka_unit_test(a_demo_takes_an_empty_directory_and_its_own_again),
		cmocka_unit_test(a_demo_refuses_a_directory_with_something_else_in_it),
		cmocka_unit_test(a_certificate_is_made_once_and_its_key_is_for_the_owner),
		cmocka_unit_test(a_certificate_is_made_for_names_of_hosts_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
