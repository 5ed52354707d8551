// SPDX-License-Identifier: Apache-2.0
// What lies in the memory of a process: searched for bytes that must, or must not, be there.
import fs from "node:fs";

const PIECE = 8 << 20;

/** Readable ranges of a process, [from, to] each. */
function rangesOf(pid) {
	return fs
		.readFileSync(`/proc/${pid}/maps`, "utf8")
		.split("\n")
		.map((line) => /^([0-9a-f]+)-([0-9a-f]+) (r)... \S+ \S+ \S+\s*(.*)$/.exec(line))
		.filter((found) => found && !["[vvar]", "[vsyscall]"].includes(found[4]))
		.map((found) => [Number.parseInt(found[1], 16), Number.parseInt(found[2], 16)]);
}

function holds(file, [from, to], patterns, room) {
	const longest = Math.max(...patterns.map((one) => one.length));

	for (let at = from; at < to; at += PIECE - longest) {
		let count = 0;
		try {
			count = fs.readSync(file, room, 0, Math.min(PIECE, to - at), at);
		} catch {
			return false; // a mapping that went, or of a device
		}
		const piece = room.subarray(0, count);
		if (patterns.some((one) => piece.indexOf(one) >= 0)) return true;
	}
	return false;
}

/** Can this test look into other processes? */
export function canSearch(pid) {
	try {
		fs.closeSync(fs.openSync(`/proc/${pid}/mem`, "r"));
		return true;
	} catch {
		return false;
	}
}

/** Is one of these anywhere in the memory of the process? One that has ended holds nothing. */
export function memoryHolds(pid, patterns) {
	const room = Buffer.alloc(PIECE);
	let file;

	try {
		file = fs.openSync(`/proc/${pid}/mem`, "r");
		return rangesOf(pid).some((range) => holds(file, range, patterns, room));
	} catch (error) {
		if (["ENOENT", "ESRCH"].includes(error.code)) return false;
		throw error;
	} finally {
		if (file !== undefined) fs.closeSync(file);
	}
}

/** A line of /proc/PID/status in bytes: statusOf(pid, "VmLck"). */
export function statusOf(pid, name) {
	const text = fs.readFileSync(`/proc/${pid}/status`, "utf8");

	return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)[1]) * 1024;
}
