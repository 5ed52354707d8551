// SPDX-License-Identifier: Apache-2.0
// Safetensors files taken apart and put together, to make shards and flawed files of a good one.

/** {metadata, tensors: [{name, dtype, shape, bytes}]} of a whole file. */
export function readTensors(bytes) {
	const size = Number(bytes.readBigUInt64LE(0));
	const header = JSON.parse(bytes.subarray(8, 8 + size));
	const { __metadata__: metadata, ...entries } = header;
	const tensors = Object.entries(entries).map(
		([name, { dtype, shape, data_offsets: at }]) => ({
			name,
			dtype,
			shape,
			bytes: bytes.subarray(8 + size + at[0], 8 + size + at[1]),
		}),
	);

	return { metadata, tensors };
}

function join(header, parts) {
	let text = JSON.stringify(header);
	text += " ".repeat((8 - (text.length % 8)) % 8);
	const size = Buffer.alloc(8);
	size.writeBigUInt64LE(BigInt(text.length));
	return Buffer.concat([size, Buffer.from(text), ...parts]);
}

/** A file of these tensors; `change` may spoil the header before it is written. */
export function writeTensors({ metadata, tensors }, change = () => {}) {
	const header = metadata ? { __metadata__: metadata } : {};
	let at = 0;

	for (const { name, dtype, shape, bytes } of tensors) {
		header[name] = { dtype, shape, data_offsets: [at, at + bytes.length] };
		at += bytes.length;
	}
	change(header);
	return join(
		header,
		tensors.map((one) => one.bytes),
	);
}

/** The files of a model in `count` shards, with their index, as the Hub's libraries write them. */
export function shard(bytes, count) {
	const { metadata, tensors } = readTensors(bytes);
	const each = Math.ceil(tensors.length / count);
	const number = (i) => String(i).padStart(5, "0");
	const files = {};
	const weight_map = {};

	for (let i = 0; i < count; i++) {
		const part = tensors.slice(i * each, (i + 1) * each);
		const name = `model-${number(i + 1)}-of-${number(count)}.safetensors`;
		files[name] = writeTensors({ metadata, tensors: part });
		for (const one of part) weight_map[one.name] = name;
	}
	const total_size = tensors.reduce((sum, one) => sum + one.bytes.length, 0);
	files["model.safetensors.index.json"] = Buffer.from(
		JSON.stringify({ metadata: { total_size }, weight_map }, null, 2),
	);
	return files;
}
