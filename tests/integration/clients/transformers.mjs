// SPDX-License-Identifier: Apache-2.0
// What a program with @huggingface/transformers does, for host.mjs to call. The package is whole
// and unchanged; only its settings are set.
import { AutoConfig, AutoTokenizer, env } from "@huggingface/transformers";

env.allowLocalModels = false;
env.useFSCache = false; // ask the gateway each time
env.remotePathTemplate = "{model}/resolve/{revision}/";
const plainFetch = env.fetch;

/** A capability's address needs nothing else; a token needs a header, and so a wrapper. */
export function configure({ host, token }) {
	env.remoteHost = host;
	env.fetch = token
		? (input, options = {}) => {
				const headers = new Headers(options.headers);
				headers.set("Authorization", `Bearer ${token}`);
				return plainFetch(input, { ...options, headers });
			}
		: plainFetch;
}

export async function tokenize({ model, revision, text }) {
	const tokenizer = await AutoTokenizer.from_pretrained(model, { revision });
	const tokens = tokenizer.encode(text);

	return { tokens, text: tokenizer.decode(tokens, { skip_special_tokens: true }) };
}

export async function config({ model, revision }) {
	const read = await AutoConfig.from_pretrained(model, { revision });

	return { type: read.model_type, vocabulary: read.vocab_size };
}
