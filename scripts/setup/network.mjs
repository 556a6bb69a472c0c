// A quick "no" where a host cannot be reached, instead of a long wait for a time-out. Node built-ins only.
import { lookup } from 'node:dns/promises'

const RESOLVE_TIMEOUT_MS = 5000
const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy']

/**
 * @param {string} host
 * @returns {Promise<boolean>} false only when the name does not resolve; behind a proxy always true, as the proxy resolves names
 */
export async function mayBeReachable(host) {
  if (PROXY_VARIABLES.some((name) => process.env[name])) {
    return true
  }
  return Promise.race([
    lookup(host).then(
      () => true,
      () => false,
    ),
    new Promise((resolve) => {
      setTimeout(resolve, RESOLVE_TIMEOUT_MS, false).unref()
    }),
  ])
}
