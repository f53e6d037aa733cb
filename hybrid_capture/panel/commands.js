/**
 * Commands under way: each is said once there is a connection, said again after a break, and ends.
 *
 * It ends by its answer, its effect, a deadline, a new session that knows nothing of it, or a connection that is refused
 * or closed. Said again means under the same id: what the server heard before it answers as it did then, and does not do
 * again. What the commands are called is in `client.js`.
 *
 * @module
 */

/** @typedef {import("./contracts.js").RendererCommand} RendererCommand */
/** @typedef {import("./contracts.js").RendererAnswer} RendererAnswer */
/** @typedef {import("./contracts.js").CommandDone} CommandDone */
/** @typedef {import("./contracts.js").CommandProgress} CommandProgress */
/** @typedef {import("./contracts.js").RefusalCode | "LOST" | "TOO_MANY" | "CLOSED"} Code */
/** @typedef {import("./wire.js").Clock} Clock */
/** @typedef {import("./wire.js").Wire} Wire */

/**
 * A command before it has its id.
 * @template {RendererCommand} [C=RendererCommand]
 * @typedef {C extends RendererCommand ? Omit<C, "commandId"> : never} Wish
 */

/**
 * @typedef {object} SendOptions
 * @property {number} [answerMs]
 * @property {number} [effectMs]
 * @property {(progress: CommandProgress) => void} [onProgress]
 */

/**
 * A command under way. `done` is the effect of an accepted command; of a read and a refusal it never tells more than
 * `answer` did.
 * @typedef {object} Sent
 * @property {string} commandId
 * @property {Promise<RendererAnswer>} answer  rejects with a Refusal
 * @property {Promise<CommandDone>} done       rejects with a Refusal
 */

/**
 * @typedef {object} Pending
 * @property {Wish} wish
 * @property {string} text             the frame
 * @property {boolean} sent            it went out at least once
 * @property {boolean} answered
 * @property {any} timer
 * @property {number} effectMs
 * @property {((progress: CommandProgress) => void) | undefined} onProgress
 * @property {(answer: RendererAnswer) => void} answer
 * @property {(done: CommandDone) => void} done
 * @property {(refusal: Refusal) => void} refuse
 */

/** Commands under way at once; one more is refused with `TOO_MANY`. */
export const PENDING_MAX = 64;
/** The server takes no larger frame. */
const COMMAND_BYTES_MAX = 64 * 1024;
export const ANSWER_MS = 15_000;
/** Longer than the server's own deadlines, so that the server says what went wrong. */
export const EFFECT_MS = 150_000;

/** Why a call came to nothing. `message` is a sentence for a person. */
export class Refusal extends Error {
  /**
   * @param {Code} code
   * @param {string} text
   */
  constructor(code, text) {
    super(text);
    this.name = "Refusal";
    this.code = code;
  }
}

export class Commands {
  /**
   * @param {Wire} wire
   * @param {Clock} clock
   * @param {() => string} newId
   */
  constructor(wire, clock, newId) {
    this._wire = wire;
    this._clock = clock;
    this._newId = newId;
    /** @type {Map<string, Pending>} */
    this._pending = new Map();
  }

  /**
   * Say a command, at once or as soon as there is a connection.
   * @param {Wish} wish
   * @param {SendOptions} options
   * @returns {Sent}
   */
  send(wish, options) {
    const commandId = this._newId();
    const text = JSON.stringify({ ...wish, commandId });
    /** @type {PromiseWithResolvers<RendererAnswer>} */
    const answer = resolvers();
    /** @type {PromiseWithResolvers<CommandDone>} */
    const done = resolvers();
    // Who awaits only one of the two is not told of the other as an unhandled rejection.
    answer.promise.catch(() => {});
    done.promise.catch(() => {});
    /** @param {Refusal} refusal */
    const refuse = (refusal) => {
      answer.reject(refusal);
      done.reject(refusal);
    };
    const sent = { commandId, answer: answer.promise, done: done.promise };
    const refusal = this._impossible(text);
    if (refusal !== null) {
      refuse(refusal);
      return sent;
    }
    const answerMs = options.answerMs ?? ANSWER_MS;
    const timer = this._clock.set(() => {
      const why = this._wire.open ? "the runtime gave no answer" : "there is no connection to the runtime";
      this._end(commandId, new Refusal("TIMED_OUT", `${why} within ${answerMs / 1000} s`));
    }, answerMs);
    /** @type {Pending} */
    const pending = {
      wish, text, timer, refuse,
      sent: false,
      answered: false,
      effectMs: options.effectMs ?? EFFECT_MS,
      onProgress: options.onProgress,
      answer: answer.resolve,
      done: done.resolve,
    };
    this._pending.set(commandId, pending);
    if (this._wire.open) this._write(pending);
    return sent;
  }

  /**
   * Whether this command is among those under way.
   * @param {RendererCommand["command"]} command
   */
  has(command) {
    return [...this._pending.values()].some((each) => each.wish.command === command);
  }

  // What the connection says.

  /** There is one (again): what is not answered goes out. */
  opened() {
    for (const pending of [...this._pending.values()]) if (!pending.answered) this._write(pending);
  }

  /** A new session: it knows no command of the old one. Reads go out again, effects may have happened. */
  forgotten() {
    for (const [commandId, pending] of [...this._pending]) {
      if (pending.sent && hasEffect(pending.wish)) {
        const text = "the connection was lost while this was under way: the status shows whether it happened";
        this._end(commandId, new Refusal("LOST", text));
      }
    }
  }

  /** Events were left out, and an effect may be among them: asked again under its id, the server tells it again. */
  missed() {
    for (const pending of this._pending.values()) if (pending.answered) this._write(pending);
  }

  /**
   * Nothing comes any more: everything ends.
   * @param {Refusal} refusal
   */
  endAll(refusal) {
    for (const commandId of [...this._pending.keys()]) this._end(commandId, refusal);
  }

  // What the server says.

  /** @param {RendererAnswer} answer */
  answered(answer) {
    const pending = this._pending.get(answer.commandId);
    if (pending === undefined || pending.answered) return;
    if (answer.answer === "refused") {
      this._end(answer.commandId, new Refusal(answer.code, answer.text));
      return;
    }
    pending.answered = true;
    pending.answer(answer);
    this._clock.clear(pending.timer);
    if (answer.answer !== "accepted" || pending.wish.command === "subscribe") {
      this._pending.delete(answer.commandId);
      const { commandId } = answer;
      pending.done({ event: "commandDone", commandId, ok: true, code: null, text: "", result: {} });
      return;
    }
    pending.timer = this._clock.set(() => {
      const text = `it was not done within ${pending.effectMs / 1000} s: the status shows whether it happened`;
      this._end(answer.commandId, new Refusal("TIMED_OUT", text));
    }, pending.effectMs);
  }

  /** @param {CommandProgress} progress */
  progressed(progress) {
    this._pending.get(progress.commandId)?.onProgress?.(progress);
  }

  /** @param {CommandDone} done */
  done(done) {
    const pending = this._pending.get(done.commandId);
    if (pending === undefined) return;
    if (!done.ok) {
      this._end(done.commandId, new Refusal(done.code ?? "FAILED", done.text || "it failed"));
      return;
    }
    this._pending.delete(done.commandId);
    this._clock.clear(pending.timer);
    pending.answer({ answer: "accepted", commandId: done.commandId, traceId: null });
    pending.done(done);
  }

  // Inside.

  /**
   * @param {string} text
   * @returns {Refusal | null}
   */
  _impossible(text) {
    const { connection } = this._wire;
    if (connection.state === "closed") return new Refusal("CLOSED", "the panel hung up");
    if (connection.state === "refused") return new Refusal("NOT_ALLOWED", connection.reason);
    if (this._pending.size >= PENDING_MAX) {
      return new Refusal("TOO_MANY", `${PENDING_MAX} commands are under way: wait for one of them`);
    }
    if (new TextEncoder().encode(text).length > COMMAND_BYTES_MAX) {
      return new Refusal("TOO_LARGE", `a command has at most ${COMMAND_BYTES_MAX / 1024} KiB`);
    }
    return null;
  }

  /** @param {Pending} pending */
  _write(pending) {
    pending.sent = true;
    this._wire.sendText(pending.text);
  }

  /**
   * @param {string} commandId
   * @param {Refusal} refusal
   */
  _end(commandId, refusal) {
    const pending = this._pending.get(commandId);
    this._pending.delete(commandId);
    this._clock.clear(pending?.timer);
    pending?.refuse(refusal);
  }
}

/** @param {Wish} wish */
function hasEffect(wish) {
  return !wish.command.startsWith("get") && !["searchSessions", "subscribe"].includes(wish.command);
}

/**
 * `Promise.withResolvers`, which engines of 2023 do not have.
 * @template T
 * @returns {PromiseWithResolvers<T>}
 */
function resolvers() {
  /** @type {any} */
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
