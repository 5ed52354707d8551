// SPDX-License-Identifier: Apache-2.0
// A process of its own for a client library, started with NODE_EXTRA_CA_CERTS as its user would:
// told by messages which of its functions to call. What goes over is plain data, so Blobs become
// Buffers on the way out and Buffers Blobs on the way in.
const library = await import(process.argv[2]);

const toBlobs = (value) => {
	if (value instanceof Uint8Array) return new Blob([value]);
	if (Array.isArray(value)) return value.map(toBlobs);
	if (value && typeof value === "object" && !(value instanceof Date))
		return Object.fromEntries(
			Object.entries(value).map(([name, one]) => [name, toBlobs(one)]),
		);
	return value;
};

const bytesOf = async (blob) => Buffer.from(await blob.arrayBuffer());

async function plain(value, slices) {
	if (value instanceof Blob && slices)
		return Promise.all(slices.map(([from, to]) => bytesOf(value.slice(from, to))));
	if (value instanceof Blob) return bytesOf(value);
	if (value && typeof value[Symbol.asyncIterator] === "function") {
		const all = [];
		for await (const one of value) all.push(one);
		return all;
	}
	return value;
}

async function run({ call, params, slices }) {
	return plain(await library[call](toBlobs(params)), slices);
}

process.on("message", async (message) => {
	const { id } = message;
	try {
		process.send({ id, value: await run(message) });
	} catch (error) {
		const { name, statusCode } = error;
		process.send({ id, error: { name, statusCode, message: error.message } });
	}
});
process.send({ ready: true });
