// Which words of an answer are selected, counted in characters as the server counts them.
const length = (text) => [...text].length

export function selectedWords () {
  const selection = window.getSelection()
  if (!selection.rangeCount || selection.isCollapsed) return null
  const range = selection.getRangeAt(0)
  const element = (node) => node.nodeType === Node.TEXT_NODE ? node.parentElement : node
  const text = element(range.commonAncestorContainer).closest('[data-text]')
  if (!text) return null
  const before = document.createRange()
  before.selectNodeContents(text)
  before.setEnd(range.startContainer, range.startOffset)
  const start = length(before.toString())
  const end = start + length(range.toString())
  return end > start ? { question: text.closest('[data-answer]').dataset.answer, start, end } : null
}
