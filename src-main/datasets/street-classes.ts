/** CamVid's eleven classes in its order, with the colours of the design tokens `--class-*`. */
export const STREET_CLASSES = {
  names: [
    'Sky',
    'Building',
    'Pole',
    'Road',
    'Pavement',
    'Tree',
    'SignSymbol',
    'Fence',
    'Car',
    'Pedestrian',
    'Bicyclist',
  ],
  palette: [
    '#8fd0ff',
    '#c8875f',
    '#e2e2ea',
    '#7d78b8',
    '#d9a0dc',
    '#55b06b',
    '#f7d548',
    '#a8926a',
    '#3f7bff',
    '#ff5d5d',
    '#2fe3c3',
  ],
} as const
