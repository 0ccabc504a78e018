import { element, newId } from './element.ts'
import type { PendingRequest } from './records.ts'

export type CodeView = {
  readonly element: HTMLElement
  /** What goes with the approval; a text says what is missing. */
  answer(): { readonly code?: string; readonly withoutCode?: true } | string
  focus(): void
}

/** Tells the device in front of somebody from another one that calls itself the same. */
export function requestCode(request: PendingRequest): CodeView {
  if (!request.hasCode) return withoutCode()
  return request.codeRequired ? typedCode() : shownCode(request.verificationCode ?? '')
}

function shownCode(code: string): CodeView {
  return {
    element: element(
      'div',
      { class: 'part code-part' },
      element('h3', {}, 'Does the device show this code?'),
      element('output', { class: 'code', 'aria-label': `Verification code ${code}` }, code),
      element(
        'p',
        { class: 'hint' },
        'If it shows another one, this is not the request of that device: reject it.',
      ),
    ),
    answer: () => ({}),
    focus: () => undefined,
  }
}

function typedCode(): CodeView {
  const id = newId('code')
  const hint = newId('code')
  const input = element('input', {
    id,
    class: 'code-input',
    inputmode: 'numeric',
    autocomplete: 'off',
    maxlength: '12',
    placeholder: '0000-0000',
    'aria-describedby': hint,
  })
  return {
    element: element(
      'div',
      { class: 'part code-part' },
      element('h3', {}, element('label', { for: id }, 'Type the code that the device shows')),
      input,
      element(
        'p',
        { class: 'hint', id: hint },
        'Eight digits. It is not shown here, so that it is read from the device. The third wrong one rejects the request.',
      ),
    ),
    answer() {
      const digits = input.value.replaceAll(/[\s-]/g, '')
      return /^\d{8}$/.test(digits) ? { code: digits } : 'Type the eight digits that the device shows.'
    },
    focus: () => input.focus(),
  }
}

function withoutCode(): CodeView {
  const id = newId('known')
  const box = element('input', { type: 'checkbox', id })
  return {
    element: element(
      'div',
      { class: 'part code-part' },
      element('h3', {}, 'It shows no code'),
      element(
        'p',
        {},
        'Its program is older, or does not know of codes. Only the key tells it from another device of the same name.',
      ),
      element(
        'p',
        { class: 'choice' },
        box,
        element('label', { for: id }, 'I know this device by its key, or made it ask just now'),
      ),
    ),
    answer: () =>
      box.checked ? { withoutCode: true } : 'Confirm that you know this device: it shows no code.',
    focus: () => box.focus(),
  }
}
