"""What a page looks like to people: accessible, within its window, without holes, in one language."""

from __future__ import annotations

import re

from playwright.sync_api import Page

from tests.e2e.browser_steps import ROOT

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = """{
  runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']},
  rules: {'label-content-name-mismatch': {enabled: true}},
}"""
HANGUL = re.compile("[가-힣]")
ENGLISH_SENTENCE = re.compile(r"\b[A-Za-z][a-z]+(?: [a-z]{2,}){3,}\b")
"""Four words after each other: no name, no unit, no wording that the screens took over."""

INTERNAL_WORDS = re.compile(
    r"service:training|ML_PREDICTED|sigma_profile|requested by|trained in|are missing|engine faiss"
)

TEXTS = """root => {
  const said = []
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement
    if (one.closest('script, style, pre, textarea')) continue
    if (one.checkVisibility && !one.checkVisibility()) continue
    said.push(walker.currentNode.data.trim())
  }
  for (const one of root.querySelectorAll('[placeholder], [title], [aria-label]'))
    for (const name of ['placeholder', 'title', 'aria-label']) if (one.getAttribute(name)) said.push(one.getAttribute(name))
  return said.filter(Boolean)
}"""
CONTROLS = """root => [...root.querySelectorAll('button, label, legend, summary, h1, h2, h3, th, dt, p, [placeholder], [aria-label]')]
  .filter(one => !one.closest('[data-operation], [data-candidate], [data-row], [data-line], td, li, bdi'))
  .filter(one => !one.closest('[role=tree], [role=tablist], .react-flow'))
  .filter(one => one.querySelector('bdi, [data-code]') === null)
  .flatMap(one => [one.matches('[aria-label], [placeholder]') ? '' : one.innerText, one.getAttribute('placeholder') ?? ''])
  .filter(Boolean)"""
HOLES = """() => {
  const found = []
  for (const grid of document.querySelectorAll('main .grid')) {
    const items = [...grid.children].filter(one => one.getBoundingClientRect().width > 0)
    const tracks = getComputedStyle(grid).gridTemplateColumns.split(' ').filter(track => track !== '0px').length
    if (tracks < 2 || items.length === 0) continue
    const isList = grid.matches('ul, ol') || items[0].matches('li, .tile, button')  // it fills as things come
    if (items.length === 1 && !isList && grid.getBoundingClientRect().right - items[0].getBoundingClientRect().right > 100)
      found.push(`${grid.className}: one of ${tracks} columns is filled`)
    if (items.length < 2 || !items.every(one => one.matches('.card'))) continue
    const ends = new Map()
    for (const item of items) {
      const at = item.getBoundingClientRect()
      ends.set(Math.round(at.top), Math.max(at.right, ends.get(Math.round(at.top)) ?? 0))
    }
    const end = grid.getBoundingClientRect().right
    for (const last of ends.values())
      if (last < end - 4) found.push(`${grid.className}: a line ends at ${last} of ${end}`)
  }
  return found
}"""


def check_accessibility(page: Page) -> None:
    """Fail on anything that axe finds."""
    found = inaccessible(page)
    assert not found, "\n".join(found)


def inaccessible(page: Page) -> list[str]:
    """What axe finds in the whole page."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(f"axe.run(document, {RULES}).then((result) => result.violations)")
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


def beside(page: Page) -> list[str]:
    """What stands out of the window at its right, in words; empty when the page is as wide as the window."""
    found: list[str] = page.evaluate("""() => {
          const width = document.documentElement.clientWidth
          if (document.documentElement.scrollWidth <= width) return []
          return [...document.querySelectorAll('body *')]
            .filter(one => one.getBoundingClientRect().right > width + 1)
            .map(one => `${one.tagName} ${one.className} ends at ${Math.round(one.getBoundingClientRect().right)} of ${width}`)
        }""")
    return found


def holes(page: Page) -> list[str]:
    """Lines of grids of cards that end before the grid does."""
    found: list[str] = page.evaluate(HOLES)
    return found


def outside(page: Page) -> list[str]:
    """Texts that stand out of their tile or card at its right."""
    found: list[str] = page.evaluate("""() => [...document.querySelectorAll('main *')]
          .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim() !== ''))
          .filter(one => one.getBoundingClientRect().width > 1 && !one.closest('.react-flow, .sr-only'))
          .filter(one => {
            const frame = one.parentElement.closest('.tile, .card')
            if (!frame) return false
            for (let at = one; at !== frame; at = at.parentElement)
              if (getComputedStyle(at).overflowX !== 'visible') return false
            return one.getBoundingClientRect().right > frame.getBoundingClientRect().right + 1
          })
          .map(one => one.innerText.slice(0, 60))""")
    return found


def english_in(page: Page, where: str = "main") -> list[str]:
    """English sentences among what a place says."""
    texts: list[str] = page.locator(where).first.evaluate(TEXTS)
    return [text for text in texts if ENGLISH_SENTENCE.search(text)]


def korean_controls(page: Page) -> list[str]:
    """Names of controls, headings and hints of a screen that have Korean in them, data left aside."""
    texts: list[str] = page.locator("main").evaluate(CONTROLS)
    return [text for text in texts if HANGUL.search(text)]
