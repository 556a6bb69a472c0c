/** Torso and head before limbs: what is found surely names the persons that the rest is given to (HigherHRNet, COCO's 17 joints). */
const COCO_ORDER = [0, 1, 2, 3, 4, 5, 6, 11, 12, 7, 8, 9, 10, 13, 14, 15, 16] as const

/** Order in which joints are grouped (method.md 9.5); of CrowdPose's 14 joints the entries below 14. @param joints - J. */
export function groupingOrder(joints: number): readonly number[] {
  const order = COCO_ORDER.filter((joint) => joint < joints)
  const others = Array.from({ length: joints }, (_, joint) => joint).filter(
    (joint) => joint >= COCO_ORDER.length,
  )
  return [...order, ...others]
}
