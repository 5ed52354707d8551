// SPDX-License-Identifier: Apache-2.0
// Answers in components: what is being asked, what came of it, and lists that come page by page.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Refusal } from "./client";

export interface Asked<T> {
  /** The last good answer; it stays while a newer one is on its way. */
  data: T | undefined;
  error: Refusal | undefined;
  isBusy: boolean;
  again: () => void;
  /** Show what an act has changed before the gateway is asked again. */
  put: (data: T) => void;
}

export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal(0, "INTERNAL", error instanceof Error ? error.message : String(error));
}

/** Ask when the component appears, and whenever one of `keys` changes. An answer that was overtaken
 * is dropped, its request ended. */
export function useAsk<T>(
  asks: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[] = [],
): Asked<T> {
  const [round, setRound] = useState(0);
  const [state, setState] = useState<{ data?: T; error?: Refusal; isBusy: boolean }>({
    isBusy: true,
  });

  useEffect(() => {
    const stop = new AbortController();

    setState((old) => ({ ...old, isBusy: true }));
    asks(stop.signal).then(
      (data) => {
        if (!stop.signal.aborted) setState({ data, isBusy: false });
      },
      (error: unknown) => {
        if (!stop.signal.aborted)
          setState((old) => ({ ...old, error: refusalOf(error), isBusy: false }));
      },
    );
    return () => stop.abort();
  }, [round, ...keys]);
  return {
    data: state.data,
    error: state.error,
    isBusy: state.isBusy,
    again: useCallback(() => setRound((n) => n + 1), []),
    put: useCallback((data: T) => setState({ data, isBusy: false }), []),
  };
}

export interface Act<A extends unknown[]> {
  run: (...given: A) => Promise<boolean>;
  isBusy: boolean;
  error: Refusal | undefined;
  forget: () => void;
}

/** Something a person does. A second press while the first is under way does nothing. `run` says
 * whether it was done. */
export function useAct<A extends unknown[]>(does: (...given: A) => Promise<unknown>): Act<A> {
  const [state, setState] = useState<{ error?: Refusal; isBusy: boolean }>({ isBusy: false });
  const isUnderWay = useRef(false);

  return {
    isBusy: state.isBusy,
    error: state.error,
    forget: () => setState({ isBusy: false }),
    run: async (...given: A) => {
      if (isUnderWay.current) return false;
      isUnderWay.current = true;
      setState({ isBusy: true });
      try {
        await does(...given);
        setState({ isBusy: false });
        return true;
      } catch (error) {
        setState({ isBusy: false, error: refusalOf(error) });
        return false;
      } finally {
        isUnderWay.current = false;
      }
    },
  };
}

export interface Page<T> {
  rows: T[];
  /** The cursor of the next page; empty: this was the last. */
  next?: string | null;
}

export interface Paged<T> {
  rows: T[];
  error: Refusal | undefined;
  isBusy: boolean;
  hasMore: boolean;
  more: () => void;
  again: () => void;
}

interface PagedState<T> {
  rows: T[];
  next: string | null | undefined;
  error?: Refusal;
  isBusy: boolean;
}

/** A list that comes by cursor; from its beginning whenever one of `keys` changes. */
export function usePaged<T>(
  asks: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
  keys: readonly unknown[] = [],
): Paged<T> {
  const [round, setRound] = useState(0);
  const [state, setState] = useState<PagedState<T>>({ rows: [], next: null, isBusy: true });
  const stop = useRef<AbortController>(new AbortController());
  // Whoever asks for more may do so of a state that was overtaken: a page is fetched once.
  const asked = useRef<string>();

  const fetchPage = (cursor: string | undefined, before: T[]) => {
    const { signal } = stop.current;

    asked.current = cursor;
    setState((old) => ({ rows: old.rows, next: old.next, isBusy: true }));
    asks(cursor, signal).then(
      (page) => {
        if (!signal.aborted)
          setState({ rows: [...before, ...page.rows], next: page.next, isBusy: false });
      },
      (error: unknown) => {
        if (signal.aborted) return;
        asked.current = undefined;
        setState((old) => ({ ...old, error: refusalOf(error), isBusy: false }));
      },
    );
  };

  useEffect(() => {
    stop.current = new AbortController();
    fetchPage(undefined, []);
    return () => stop.current.abort();
  }, [round, ...keys]);
  return {
    rows: state.rows,
    error: state.error,
    isBusy: state.isBusy,
    hasMore: Boolean(state.next),
    more: () => {
      if (state.next && asked.current !== state.next) fetchPage(state.next, state.rows);
    },
    again: () => setRound((n) => n + 1),
  };
}
