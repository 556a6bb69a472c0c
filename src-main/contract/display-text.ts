import { z } from 'zod'

/**
 * What a terminal obeys instead of showing it, and what turns the direction of the text around it: control characters (C0, DEL, C1),
 * line and paragraph separators, controls of the writing direction.
 */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu
const CONTROLS_BUT_LINES = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

/** One line with every control character as its escape, `\u001b`: names and other fields of foreign origin. */
export function showField(text: string): string {
  return text.replace(CONTROLS, escapeOf)
}

/** The same for text of several lines: line feeds and tabs stay. Inside of JSON the escapes mean what they stand for. */
export function showLines(text: string): string {
  return text.replace(CONTROLS_BUT_LINES, escapeOf)
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

const LONGEST_NAME = 80

/** A name that somebody gives: one line that every terminal and page shows as it is. */
export const displayNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(LONGEST_NAME)
  .refine((name) => showField(name) === name, 'must have no control characters such as escape or line feed')
