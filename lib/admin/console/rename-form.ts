import { element, newId } from './element.ts'

/** A name of the owner's own for a device, in place of the one that it gave itself. */
export function renameForm(
  current: string,
  save: (label: string) => Promise<void>,
): { readonly element: HTMLElement; open: () => void } {
  const id = newId('rename')
  const input = element('input', { id, maxlength: '64', required: true, autocomplete: 'off', value: current })
  const form = element(
    'form',
    {
      class: 'rename',
      hidden: true,
      submit: (event) => {
        event.preventDefault()
        form.hidden = true
        void save(input.value)
      },
      keydown: (event) => {
        if (event instanceof KeyboardEvent && event.key === 'Escape') form.hidden = true
      },
    },
    element('label', { for: id }, 'Name'),
    input,
    element(
      'div',
      { class: 'actions' },
      element('button', { class: 'primary' }, 'Save'),
      element(
        'button',
        {
          type: 'button',
          click: () => {
            form.hidden = true
          },
        },
        'Cancel',
      ),
    ),
  )
  return {
    element: form,
    open() {
      form.hidden = false
      input.select()
      input.focus()
    },
  }
}
