import { COCO_17 } from '../../datasets/skeletons.ts'

const FOOT = [0.068, 0.066, 0.066, 0.092, 0.094, 0.094]
const FACE = [
  0.042, 0.043, 0.044, 0.043, 0.04, 0.035, 0.031, 0.025, 0.02, 0.023, 0.029, 0.032, 0.037, 0.038, 0.043,
  0.041, 0.045, 0.013, 0.012, 0.011, 0.011, 0.012, 0.012, 0.011, 0.011, 0.013, 0.015, 0.009, 0.007, 0.007,
  0.007, 0.012, 0.009, 0.008, 0.016, 0.01, 0.017, 0.011, 0.009, 0.011, 0.009, 0.007, 0.013, 0.008, 0.011,
  0.012, 0.01, 0.034, 0.008, 0.008, 0.009, 0.008, 0.008, 0.007, 0.01, 0.008, 0.009, 0.009, 0.009, 0.007,
  0.007, 0.008, 0.011, 0.008, 0.008, 0.008, 0.01, 0.008,
]
const HAND = [
  0.029, 0.022, 0.035, 0.037, 0.047, 0.026, 0.025, 0.024, 0.035, 0.018, 0.024, 0.022, 0.026, 0.017, 0.021,
  0.021, 0.032, 0.02, 0.019, 0.022, 0.031,
]

/** Body 17, foot 6, face 68, left and right hand 21 each. Source: COCO-WholeBody's evaluation (Jin and others, ECCV 2020). */
export const WHOLEBODY_133_SIGMAS: readonly number[] = [...COCO_17.sigmas, ...FOOT, ...FACE, ...HAND, ...HAND]

/** Fields of a COCO-WholeBody record that follow `keypoints`, in the order of the sigmas. */
export const WHOLEBODY_PARTS = ['foot_kpts', 'face_kpts', 'lefthand_kpts', 'righthand_kpts'] as const
