// SPDX-License-Identifier: Apache-2.0
// A real LLaMA that says what a test wants: its vocabulary has the pieces of each script as tokens,
// its embeddings are one-hot, its layer adds nothing, and its head leads from each token to the
// next. Behind the name of a script (a special token) comes the script, then the end.
import { writeTensors } from "./safetensors.mjs";

const f32 = (shape, fill = () => 0) => {
	const values = new Float32Array(shape.reduce((a, b) => a * b));
	fill(values);
	return { dtype: "F32", shape, bytes: Buffer.from(values.buffer) };
};

/** The signs that byte-level vocabularies write bytes as. */
function byteSigns() {
	let others = 0;
	return Array.from({ length: 256 }, (_, byte) => {
		const shown = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
		return String.fromCodePoint(shown ? byte : 256 + others++);
	});
}

/** What is added to the bytes: special tokens, the scripts' names, and their pieces. */
function addedTokens(scripts, special) {
	const added = ["</s>", ...special, ...Object.keys(scripts)].map((content) => [
		content,
		true,
	]);

	for (const pieces of Object.values(scripts))
		for (const piece of pieces)
			if (!added.some(([content]) => content === piece))
				added.push([piece, false]);
	return added.map(([content, isSpecial], i) => ({
		id: 256 + i,
		content,
		special: isSpecial,
		normalized: false,
		single_word: false,
		lstrip: false,
		rstrip: false,
	}));
}

function weightsOf(size, next) {
	const hidden = Math.ceil(size / 8) * 8;
	const layer = "model.layers.0.";
	const square = f32([hidden, hidden]);
	const ones = f32([hidden], (v) => v.fill(1));
	const tensors = {
		"model.embed_tokens.weight": f32([size, hidden], (v) => {
			for (let i = 0; i < size; i++) v[i * hidden + i] = 1;
		}),
		"lm_head.weight": f32([size, hidden], (v) => {
			for (const [from, to] of next) v[to * hidden + from] = 10;
		}),
		"model.norm.weight": ones,
		[`${layer}input_layernorm.weight`]: ones,
		[`${layer}post_attention_layernorm.weight`]: ones,
		[`${layer}mlp.gate_proj.weight`]: f32([8, hidden]),
		[`${layer}mlp.up_proj.weight`]: f32([8, hidden]),
		[`${layer}mlp.down_proj.weight`]: f32([hidden, 8]),
	};
	for (const name of ["q", "k", "v", "o"])
		tensors[`${layer}self_attn.${name}_proj.weight`] = square;
	return {
		hidden,
		file: writeTensors({
			tensors: Object.entries(tensors).map(([name, one]) => ({ name, ...one })),
		}),
	};
}

/** {file name: bytes}. `scripts`: {"<|name|>": [pieces]}; no piece is in two of them. */
export function scriptedModel(scripts, { special = [], template, settings = {} } = {}) {
	const added = addedTokens(scripts, special);
	const id = (content) => added.find((one) => one.content === content).id;
	const next = [];
	for (const [name, pieces] of Object.entries(scripts))
		[name, ...pieces].forEach((piece, i, all) =>
			next.push([id(piece), id(all[i + 1] ?? "</s>")]),
		);
	const size = 256 + added.length;
	const { hidden, file } = weightsOf(size, next);
	const vocab = Object.fromEntries(byteSigns().map((sign, i) => [sign, i]));
	const bytes = {
		type: "ByteLevel",
		add_prefix_space: false,
		trim_offsets: false,
		use_regex: false,
	};
	const json = (value) => Buffer.from(JSON.stringify(value));

	return {
		"config.json": json({
			architectures: ["LlamaForCausalLM"],
			model_type: "llama",
			hidden_size: hidden,
			intermediate_size: 8,
			num_hidden_layers: 1,
			num_attention_heads: hidden / 8,
			num_key_value_heads: hidden / 8,
			head_dim: 8,
			hidden_act: "silu",
			max_position_embeddings: 4096,
			rms_norm_eps: 1e-6,
			rope_theta: 10000,
			tie_word_embeddings: false,
			vocab_size: size,
			bos_token_id: 256,
			eos_token_id: 256,
		}),
		"tokenizer.json": json({
			version: "1.0",
			added_tokens: added,
			normalizer: null,
			pre_tokenizer: bytes,
			post_processor: null,
			decoder: bytes,
			model: { type: "BPE", vocab, merges: [] },
		}),
		"tokenizer_config.json": json({ eos_token: "</s>", ...settings }),
		"model.safetensors": file,
		...(template ? { "chat_template.jinja": Buffer.from(template) } : {}),
	};
}
