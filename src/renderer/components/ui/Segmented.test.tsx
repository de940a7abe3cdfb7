import { fireEvent, render, screen } from '@testing-library/react'
import { useState } from 'react'
import { describe, expect, it } from 'vitest'
import { Segmented } from './Segmented'

function Sample() {
  const [value, setValue] = useState('all')
  const choices = ['all', 'some', 'none'].map((name) => ({ value: name, label: name }))
  return <Segmented label="Filter" choices={choices} value={value} onChange={setValue} />
}

describe('segmented choice', () => {
  it('is one tab stop, and arrows choose and go round', () => {
    render(<Sample />)
    const chosen = () => screen.getAllByRole('radio').filter((radio) => radio.tabIndex === 0)
    expect(chosen().map((radio) => radio.textContent)).toEqual(['all'])
    fireEvent.keyDown(chosen()[0]!, { key: 'ArrowRight' })
    expect(chosen().map((radio) => radio.textContent)).toEqual(['some'])
    expect(document.activeElement?.textContent).toBe('some')
    fireEvent.keyDown(chosen()[0]!, { key: 'ArrowLeft' })
    fireEvent.keyDown(chosen()[0]!, { key: 'ArrowLeft' })
    expect(chosen().map((radio) => radio.textContent)).toEqual(['none'])
    expect(screen.getByRole('radio', { name: 'none' }).getAttribute('aria-checked')).toBe('true')
  })
})
