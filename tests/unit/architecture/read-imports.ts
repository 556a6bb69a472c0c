import { readFileSync } from 'node:fs'
import ts from 'typescript'
import type { ImportEdge } from '../../../scripts/layers.mjs'

/** What one source file imports, and which names it calls, constructs or reads from. */
export interface SourceFacts {
  readonly edges: readonly ImportEdge[]
  readonly names: ReadonlySet<string>
  /** `Math.random` and the like: object.member of plain names. */
  readonly members: ReadonlySet<string>
  readonly lineCount: number
}

/** @param file - From the project root, with slashes. @param root - Absolute. */
export function readSourceFacts(root: string, file: string): SourceFacts {
  const edges: ImportEdge[] = []
  const names = new Set<string>()
  const members = new Set<string>()
  const visit = (node: ts.Node): void => {
    const edge = toEdge(node)
    if (edge) {
      edges.push({ file, ...edge })
    }
    if (ts.isIdentifier(node) && isFreeUse(node)) {
      names.add(node.text)
    }
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      members.add(`${node.expression.text}.${node.name.text}`)
    }
    ts.forEachChild(node, visit)
  }
  const text = readFileSync(`${root}/${file}`, 'utf8')
  visit(ts.createSourceFile(file, scriptOf(file, text), ts.ScriptTarget.ESNext, true, ts.ScriptKind.TS))
  return { edges, names, members, lineCount: text.split('\n').length - 1 }
}

/** The whole file, or the script blocks of a Vue component. */
function scriptOf(file: string, text: string): string {
  if (!file.endsWith('.vue')) {
    return text
  }
  return [...text.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/g)]
    .map(([, script]) => script ?? '')
    .join('\n')
}

function toEdge(node: ts.Node): Omit<ImportEdge, 'file'> | null {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, isTypeOnly: importsTypesOnly(node.importClause) }
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, isTypeOnly: node.isTypeOnly }
  }
  if (
    ts.isImportTypeNode(node) &&
    ts.isLiteralTypeNode(node.argument) &&
    ts.isStringLiteral(node.argument.literal)
  ) {
    return { specifier: node.argument.literal.text, isTypeOnly: true }
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments
    return argument && ts.isStringLiteral(argument) ? { specifier: argument.text, isTypeOnly: false } : null
  }
  return null
}

function importsTypesOnly(clause: ts.ImportClause | undefined): boolean {
  if (!clause) {
    return false // for its effect
  }
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) {
    return true
  }
  const bindings = clause.namedBindings
  return (
    clause.name === undefined &&
    bindings !== undefined &&
    ts.isNamedImports(bindings) &&
    bindings.elements.length > 0 &&
    bindings.elements.every((element) => element.isTypeOnly)
  )
}

/** The name is called, constructed, or something is read from it. */
function isFreeUse(node: ts.Identifier): boolean {
  const { parent } = node
  const isSubject =
    ts.isPropertyAccessExpression(parent) ||
    ts.isElementAccessExpression(parent) ||
    ts.isCallExpression(parent) ||
    ts.isNewExpression(parent)
  return isSubject && parent.expression === node
}
