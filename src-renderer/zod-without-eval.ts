import { z } from 'zod'

// The content policy forbids eval; zod would try it once and fall back, at the price of a violation report.
z.config({ jitless: true })
