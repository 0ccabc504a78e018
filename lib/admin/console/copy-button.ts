import { element, setText } from './element.ts'

const SHOWN_MS = 2000

/** Puts a text where it can be pasted from. */
export function copyButton(label: string, text: string): HTMLButtonElement {
  const button = element('button', { type: 'button', class: 'quiet' }, label)
  button.addEventListener('click', () => {
    void copy(text).then((isCopied) => {
      setText(button, isCopied ? 'Copied' : 'Select it by hand')
      setTimeout(() => setText(button, label), SHOWN_MS)
    })
  })
  return button
}

/** The clipboard is for secure contexts alone. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}
