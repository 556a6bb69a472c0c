/** Part of the fingerprint of drawn data: raise it with every change that changes a picture, so that scores do not mix. */
export const DRAWING_VERSION = '3'
