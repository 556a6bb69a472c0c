// The layer table as a lint rule, so that an editor shows a broken edge while it is typed.
import { relative, sep } from 'node:path'
import { judgeImport } from './layers.mjs'
import { projectRoot } from './setup/project-root.mjs'

const isTypeOnly = (node) => {
  if (node.importKind === 'type' || node.exportKind === 'type' || node.type === 'TSImportType') {
    return true
  }
  const specifiers = node.specifiers ?? []
  return (
    specifiers.length > 0 &&
    specifiers.every((specifier) => (specifier.importKind ?? specifier.exportKind) === 'type')
  )
}

const allowedImports = {
  meta: { type: 'problem', schema: [], messages: { broken: '{{reason}} (scripts/layers.mjs)' } },
  create(context) {
    const file = relative(projectRoot, context.filename).split(sep).join('/')
    const check = (node) => {
      const source = node.source?.value ?? node.argument?.literal?.value
      const reason =
        typeof source === 'string'
          ? judgeImport({ file, specifier: source, isTypeOnly: isTypeOnly(node) })
          : null
      if (reason) {
        context.report({ node, messageId: 'broken', data: { reason } })
      }
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
      TSImportType: check,
    }
  },
}

export default { rules: { 'allowed-imports': allowedImports } }
