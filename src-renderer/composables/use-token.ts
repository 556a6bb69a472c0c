import { inject, provide } from 'vue'
import type { InjectionKey, Ref } from 'vue'
import type { Token } from '../lib/chart-tokens.ts'

const TOKEN: InjectionKey<Readonly<Ref<Token>>> = Symbol('token')

/** Makes the values of the present theme known to every chart below. */
export function provideToken(token: Readonly<Ref<Token>>): void {
  provide(TOKEN, token)
}

/** @throws Error outside of an app that provides tokens. */
export function useToken(): Readonly<Ref<Token>> {
  const token = inject(TOKEN)
  if (token === undefined) {
    throw new Error('useToken: the app provides no tokens')
  }
  return token
}
