import prettier from 'eslint-config-prettier'
import vue from 'eslint-plugin-vue'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'
import layers from './scripts/eslint-layers.mjs'
import { IMPURE_NAMES } from './scripts/layers.mjs'

const NODE_GLOBALS = {
  ...{
    Buffer: 'readonly',
    console: 'readonly',
    fetch: 'readonly',
    performance: 'readonly',
    process: 'readonly',
  },
  ...{
    clearInterval: 'readonly',
    clearTimeout: 'readonly',
    setInterval: 'readonly',
    setTimeout: 'readonly',
    URL: 'readonly',
  },
}

const FILE_READERS = ['open', 'openSync', 'readFile', 'readFileSync', 'createReadStream', 'default']

const HABITS = {
  curly: 'error',
  eqeqeq: 'error',
  'max-lines': ['error', { max: 400 }],
  'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
  'no-console': 'off',
}

export default defineConfig(
  globalIgnores(['out/', 'coverage/', 'test-results/', 'node_modules/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,vue}'],
    extends: [tseslint.configs.strictTypeChecked, vue.configs['flat/recommended']],
    languageOptions: {
      parserOptions: {
        parser: tseslint.parser,
        project: ['./tsconfig.node.json', './tsconfig.web.json'],
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.vue'],
      },
    },
    plugins: { layers },
    rules: {
      ...HABITS,
      'layers/allowed-imports': 'error',
      'no-undef': 'off', // the compiler knows
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // An arrow that only hands on a call reads better without braces, and numbers in messages are meant.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    files: ['src-main/{nas,vision}/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...IMPURE_NAMES],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'take a seeded Random' },
      ],
    },
  },
  {
    // What a user points at may be a pipe, a device or a folder: src-main/files looks first.
    files: ['src-main/{datasets,formats,supernet,cli}/**/*.ts', 'src-main/engine/evaluate/**/*.ts'],
    ignores: ['src-main/datasets/picture-index-file.ts'], // our own cache
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: ['node:fs', 'node:fs/promises'].map((name) => ({
            name,
            importNames: FILE_READERS,
            message: 'open foreign files with src-main/files/regular-file.ts',
          })),
        },
      ],
    },
  },
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/block-order': ['error', { order: ['script', 'template', 'style'] }],
      'vue/require-default-prop': 'off', // an optional prop says so by its type
      '@typescript-eslint/no-useless-default-assignment': 'off', // it does not know that defineProps makes props optional
    },
  },
  {
    // Only vue-tsc, which `npm run typecheck` runs, knows the types of components; to the linter they are unknown.
    files: ['**/*.vue', 'src-renderer/{main,router}.ts', 'tests/unit/renderer/**/*.ts'],
    rules: Object.fromEntries(
      ['argument', 'assignment', 'call', 'member-access', 'return'].map((use) => [
        `@typescript-eslint/no-unsafe-${use}`,
        'off',
      ]),
    ),
  },
  {
    // A setup store is a module in the form of a function, a route table is data.
    files: ['src-renderer/stores/*.ts', 'src-renderer/router.ts'],
    rules: { 'max-lines-per-function': ['error', { max: 120, skipBlankLines: true, skipComments: true }] },
  },
  {
    // Electron's windows come out of its factory methods, which the rule cannot tell from foreign objects.
    files: ['src-main/desktop/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' },
  },
  {
    // A describe block is a list of rules, not a function to be read at once.
    files: ['tests/**/*.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: NODE_GLOBALS },
    rules: {
      ...HABITS,
      'no-undef': 'error',
      'no-unused-vars': 'error',
      'prefer-const': 'error',
      'no-var': 'error',
    },
  },
  {
    // Some of its functions run inside the page.
    files: ['scripts/take-screenshots.mjs'],
    languageOptions: { globals: { document: 'readonly', location: 'readonly' } },
  },
  prettier,
  { rules: { curly: 'error' } }, // eslint-config-prettier turns it off for a mode that is not used here
)
