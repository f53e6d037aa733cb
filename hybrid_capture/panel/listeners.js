/**
 * Who hears what: functions by the place where something is told.
 *
 * @module
 */

/** @typedef {import("./wire.js").Clock} Clock */

export class Listeners {
  /** @param {Clock} clock */
  constructor(clock) {
    this._clock = clock;
    /** @type {Map<string, Set<(event: any) => void>>} */
    this._places = new Map();
  }

  /**
   * @param {string} place
   * @param {(event: any) => void} heard
   * @returns {() => void} ends it
   */
  add(place, heard) {
    const all = this._places.get(place) ?? new Set();
    this._places.set(place, all);
    // A function of its own: the same listener given twice is two subscriptions.
    /** @param {any} event */
    const once = (event) => heard(event);
    all.add(once);
    return () => void all.delete(once);
  }

  /**
   * @param {string} place
   * @param {unknown} event
   */
  tell(place, event) {
    for (const heard of [...(this._places.get(place) ?? [])]) {
      try {
        heard(event);
      } catch (error) {
        // One view's mistake must not cost the others their events; it still shows in the console.
        this._clock.set(() => {
          throw error;
        }, 0);
      }
    }
  }
}
