/** What the kernel can say of the process at the other end. */
export const KERNEL_ANSWERS = ['same-user', 'other-user', 'relay', 'outbound', 'unproven'] as const
