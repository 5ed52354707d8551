/* SPDX-License-Identifier: Apache-2.0 */
/*
 * widen.h - half-precision numbers as F32, exactly (each F16 and BF16 value has an F32 equal), and
 * an F32 as the nearest F16.
 */
#ifndef INFERENCE_FORMAT_WIDEN_H
#define INFERENCE_FORMAT_WIDEN_H

#include <stddef.h>
#include <stdint.h>

float widen_f16(uint16_t bits);
float widen_bf16(uint16_t bits);

/* Of two that are equally near, the even one; beyond the largest, infinity. */
uint16_t narrow_f16(float value);

/* `count` 16-bit numbers that stand in the upper half of `values` become floats, in place: number
 * i is read at byte 2 * (count + i), which no write to 4 * j with j < i has reached. */
void widen_f16_in_place(float *values, size_t count);
void widen_bf16_in_place(float *values, size_t count);

#endif
