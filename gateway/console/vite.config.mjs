// SPDX-License-Identifier: Apache-2.0
// How the console is built. The gateway serves what comes out under a policy without inline script,
// inline style or eval, so nothing is inlined.
import { defineConfig } from "vite";

export default defineConfig({
	esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
	build: {
		target: "es2022",
		assetsInlineLimit: 0,
		cssCodeSplit: false,
		modulePreload: { polyfill: false },
		reportCompressedSize: false,
	},
});
