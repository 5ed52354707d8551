/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dnnl.c - the one file that calls oneDNN. Its C API changed from 2.x (Debian 12) to 3.x (Debian
 * 13) in how memory and matmul are described: the shim below is all that differs.
 *
 * oneDNN brings OpenMP threads of its own. Each of our workers calls it for its own share of the
 * columns and asks OpenMP for one thread, so that the two never compete for the cores.
 */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "inference/kernel/onednn.h"

#include <assert.h>
#include <dlfcn.h>
#include <dnnl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "inference/kernel/pool.h"

#if DNNL_VERSION_MAJOR < 3

typedef dnnl_memory_desc_t shape_t;

static dnnl_status_t shape_make(shape_t *s, const dnnl_dims_t dims, const dnnl_dims_t strides)
{
	return dnnl_memory_desc_init_by_strides(s, 2, dims, dnnl_f32, strides);
}

static void shape_drop(shape_t *s)
{
	(void)s;
}

static dnnl_status_t memory_make(dnnl_memory_t *m, const shape_t *s, dnnl_engine_t engine,
				 void *data)
{
	return dnnl_memory_create(m, s, engine, data);
}

static dnnl_status_t matmul_make(dnnl_primitive_desc_t *out, dnnl_engine_t engine, const shape_t *x,
				 const shape_t *w, const shape_t *y)
{
	dnnl_matmul_desc_t d;
	dnnl_status_t status = dnnl_matmul_desc_init(&d, x, w, NULL, y);

	return status != dnnl_success ? status
				      : dnnl_primitive_desc_create(out, &d, NULL, engine, NULL);
}

#else

typedef dnnl_memory_desc_t shape_t;

static dnnl_status_t shape_make(shape_t *s, const dnnl_dims_t dims, const dnnl_dims_t strides)
{
	return dnnl_memory_desc_create_with_strides(s, 2, dims, dnnl_f32, strides);
}

static void shape_drop(shape_t *s)
{
	dnnl_memory_desc_destroy(*s);
}

static dnnl_status_t memory_make(dnnl_memory_t *m, const shape_t *s, dnnl_engine_t engine,
				 void *data)
{
	return dnnl_memory_create(m, *s, engine, data);
}

static dnnl_status_t matmul_make(dnnl_primitive_desc_t *out, dnnl_engine_t engine, const shape_t *x,
				 const shape_t *w, const shape_t *y)
{
	return dnnl_matmul_primitive_desc_create(out, engine, *x, *w, NULL, *y, NULL);
}

#endif

struct onednn {
	dnnl_engine_t engine;
	dnnl_stream_t streams[POOL_MAX_THREADS]; /* one a worker: a stream is not shared */
	unsigned workers;
	void (*set_threads)(int); /* OpenMP's, for the calling thread; NULL without OpenMP */
	atomic_uint_least64_t executed;
};

/* The six things that one product needs, dropped in one go. */
struct call {
	shape_t shapes[3]; /* x, w, out */
	unsigned shape_count;
	dnnl_memory_t memories[3];
	dnnl_primitive_desc_t description;
	dnnl_primitive_t primitive;
};

static void call_drop(struct call *c)
{
	dnnl_primitive_destroy(c->primitive);
	dnnl_primitive_desc_destroy(c->description);
	for (unsigned i = 0; i < 3; i++)
		dnnl_memory_destroy(c->memories[i]);
	for (unsigned i = 0; i < c->shape_count; i++)
		shape_drop(&c->shapes[i]);
}

static enum err check(dnnl_status_t status, const char *what)
{
	return status == dnnl_success
		       ? OK
		       : failure(ERR_INTERNAL, "onednn: %s: status %d", what, (int)status);
}

enum err onednn_new(struct onednn **out, unsigned workers)
{
	AUTO(onednn_auto) struct onednn *d = calloc(1, sizeof *d);
	/* gcc and clang come with different OpenMP headers; oneDNN has loaded the right library. */
	void *symbol = dlsym(RTLD_DEFAULT, "omp_set_num_threads");

	assert(d && workers <= POOL_MAX_THREADS);
	memcpy(&d->set_threads, &symbol, sizeof symbol);
	/* Else the first kernel that is generated looks for a profiler's library on the disk. */
	TRY(check(dnnl_set_jit_profiling_flags(DNNL_JIT_PROFILE_NONE), "profiling stays on"));
	TRY(check(dnnl_engine_create(&d->engine, dnnl_cpu, 0), "no engine"));
	for (; d->workers < workers; d->workers++)
		TRY(check(dnnl_stream_create(&d->streams[d->workers], d->engine,
					     dnnl_stream_default_flags),
			  "no stream"));
	*out = d;
	d = NULL; /* given away */
	return OK;
}

void onednn_free(struct onednn *d)
{
	if (!d)
		return;
	for (unsigned i = 0; i < d->workers; i++)
		dnnl_stream_destroy(d->streams[i]);
	dnnl_engine_destroy(d->engine);
	free(d);
}

static enum err prepare(struct call *c, const struct onednn *d, const struct onednn_matrices *p)
{
	const int64_t m = (int64_t)p->m;
	const int64_t n = (int64_t)p->n;
	const int64_t k = (int64_t)p->k;
	const dnnl_dims_t dims[3] = {{m, k}, {k, n}, {m, n}};
	const dnnl_dims_t strides[3] = {
		{k, 1}, {(int64_t)p->w_stride, 1}, {(int64_t)p->out_stride, 1}};
	void *data[3] = {(void *)(uintptr_t)p->x, (void *)(uintptr_t)p->w, p->out};

	for (unsigned i = 0; i < 3; i++) {
		TRY(check(shape_make(&c->shapes[i], dims[i], strides[i]), "no shape"));
		c->shape_count++;
		TRY(check(memory_make(&c->memories[i], &c->shapes[i], d->engine, data[i]),
			  "no memory"));
	}
	TRY(check(matmul_make(&c->description, d->engine, &c->shapes[0], &c->shapes[1],
			      &c->shapes[2]),
		  "no matmul"));
	return check(dnnl_primitive_create(&c->primitive, c->description), "no primitive");
}

enum err onednn_product(struct onednn *d, unsigned worker, const struct onednn_matrices *p)
{
	AUTO(call_drop) struct call c = {0};
	dnnl_exec_arg_t arguments[3];

	assert(worker < d->workers);
	if (d->set_threads)
		d->set_threads(1); /* before the description, which fixes the number */
	TRY(prepare(&c, d, p));
	arguments[0] = (dnnl_exec_arg_t){DNNL_ARG_SRC, c.memories[0]};
	arguments[1] = (dnnl_exec_arg_t){DNNL_ARG_WEIGHTS, c.memories[1]};
	arguments[2] = (dnnl_exec_arg_t){DNNL_ARG_DST, c.memories[2]};
	TRY(check(dnnl_primitive_execute(c.primitive, d->streams[worker], 3, arguments),
		  "the product failed"));
	TRY(check(dnnl_stream_wait(d->streams[worker]), "the product failed"));
	atomic_fetch_add_explicit(&d->executed, 1, memory_order_relaxed);
	return OK;
}

uint64_t onednn_matmul_primitives(const struct onednn *d)
{
	return atomic_load_explicit(&d->executed, memory_order_relaxed);
}
