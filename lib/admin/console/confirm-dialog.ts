import { element, newId } from './element.ts'

export type Question = {
  readonly title: string
  readonly text: string
  /** What the button does: a verb. */
  readonly action: string
}

/** Asks before something that cannot be taken back. Escape, and everything but the button, is no. */
export function confirmDialog({ title, text, action }: Question): Promise<boolean> {
  const titleId = newId('dialog')
  const textId = newId('dialog')
  return new Promise((resolve) => {
    const dialog = element(
      'dialog',
      {
        'aria-labelledby': titleId,
        'aria-describedby': textId,
        close: () => {
          dialog.remove()
          resolve(dialog.returnValue === 'yes')
        },
      },
      element('h2', { id: titleId }, title),
      element('p', { id: textId }, text),
      element(
        'div',
        { class: 'actions' },
        element('button', { type: 'button', class: 'danger', click: () => dialog.close('yes') }, action),
        element('button', { type: 'button', autofocus: true, click: () => dialog.close('no') }, 'Cancel'),
      ),
    )
    document.body.append(dialog)
    dialog.showModal()
  })
}
