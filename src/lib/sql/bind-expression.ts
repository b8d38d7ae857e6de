import { type ArithmeticOperator, arithmetic, negative } from './arithmetic.ts'
import type { Expression, Identifier } from './ast.ts'
import { bindIndex, member } from './bind-access.ts'
import { bindCall } from './bind-call.ts'
import { bindCase } from './bind-case.ts'
import { bindBetween, bindDistinct, bindIn, bindIs } from './bind-condition.ts'
import { bindLike } from './bind-like.ts'
import { type Bound, literal, strict } from './bound.ts'
import { cast } from './cast.ts'
import { type ComparisonOperator, compare } from './comparison.ts'
import { type Span, SqlError, type SqlErrorCode } from './errors.ts'
import { numberLiteral, temporalLiteral } from './literals.ts'
import { BOOLEAN, NULL, STRING, typeName } from './types.ts'

/** What names mean at one place of a query. */
export type Scope = {
  /** The expression that `a.b.c` stands for; throws SqlError when there is none. */
  resolve(parts: Identifier[]): Bound
  /** An expression that stands for the whole node (a GROUP BY key, an aggregate), before its parts are looked at. */
  whole?(expression: Expression): Bound | undefined
}

/** Resolves names and types of expressions in one scope. All methods throw SqlError at the place of the mistake. */
export class ExpressionBinder {
  readonly text: string
  readonly scope: Scope

  constructor(text: string, scope: Scope) {
    this.text = text
    this.scope = scope
  }

  bind(expression: Expression): Bound {
    return this.scope.whole?.(expression) ?? this.bindParts(expression)
  }

  /** A condition: BOOLEAN, or undeclared and read as one. */
  bindCondition(expression: Expression): Bound {
    const bound = this.bind(expression)
    if (!['BOOLEAN', 'DYNAMIC', 'NULL'].includes(bound.type.kind)) {
      throw this.error('type', `a condition is BOOLEAN, this is ${typeName(bound.type)}`, expression)
    }
    return cast(bound, BOOLEAN) as Bound
  }

  error(code: SqlErrorCode, reason: string, span: Span): SqlError {
    return new SqlError(code, reason, this.text, span)
  }

  private bindParts(expression: Expression): Bound {
    const { start, end } = expression
    switch (expression.kind) {
      case 'number':
        return this.number(expression.text, expression)
      case 'string':
        return literal(expression.text, STRING, expression)
      case 'boolean':
        return literal(expression.value, BOOLEAN, expression)
      case 'bytes': {
        const base64 = Buffer.from(expression.hex, 'hex').toString('base64')
        return literal(base64, { kind: 'BYTES' }, expression)
      }
      case 'null':
        return literal(null, NULL, expression)
      case 'temporal':
        return temporalLiteral(expression.type, expression.text, expression) ?? this.noSuchTime(expression)
      case 'interval': {
        const { months, milliseconds = 0 } = expression
        if (months !== undefined) return literal(months, { kind: 'INTERVAL_MONTH' }, expression)
        return literal(milliseconds, { kind: 'INTERVAL_DAY' }, expression)
      }
      case 'reference':
        return { ...this.scope.resolve(expression.parts), start, end }
      case 'field':
        return member(this.bind(expression.input), expression.name.name, expression, this.text)
      case 'index':
        return bindIndex(this, this.bind(expression.input), this.bind(expression.index), expression)
      case 'unary':
        return this.bindUnary(expression.operator, expression)
      case 'binary':
        return this.bindBinary(expression)
      case 'is':
        return bindIs(this, expression)
      case 'distinctFrom':
        return bindDistinct(this, expression)
      case 'between':
        return bindBetween(this, expression)
      case 'in':
        return bindIn(this, expression)
      case 'inQuery':
      case 'exists':
      case 'scalarQuery': {
        const reason =
          'a subquery stands in WHERE, SELECT and HAVING, not in an aggregate, GROUP BY, ORDER BY or ON: select it in a subquery of FROM'
        throw this.error('unsupported', reason, expression)
      }
      case 'like':
        return bindLike(this, expression)
      case 'case':
        return bindCase(this, expression)
      case 'cast':
        return this.bindCast(expression)
      case 'call':
        return bindCall(this, expression)
    }
  }

  private number(text: string, span: Span): Bound {
    const bound = numberLiteral(text, span)
    if (bound === undefined) throw this.error('type', `${text} has more than 38 digits`, span)
    return bound
  }

  private noSuchTime({ type, text, start, end }: Extract<Expression, { kind: 'temporal' }>): never {
    throw this.error('syntax', `'${text}' is no ${type}`, { start, end })
  }

  private bindUnary(operator: 'NOT' | '-' | '+', expression: Extract<Expression, { kind: 'unary' }>): Bound {
    const { start, end } = expression
    if (operator === 'NOT') {
      const operand = this.bindCondition(expression.operand)
      return { kind: 'not', operand, type: BOOLEAN, nullable: operand.nullable, start, end }
    }
    const inner = expression.operand
    // The smallest BIGINT is the negative of a number that is none.
    if (operator === '-' && inner.kind === 'number') return this.number(`-${inner.text}`, expression)
    const operand = this.bind(inner)
    const result = operator === '+' ? operand : negative(operand, expression)
    if (result === undefined)
      throw this.error('type', `${typeName(operand.type)} has no negative`, expression)
    return result
  }

  private bindBinary(expression: Extract<Expression, { kind: 'binary' }>): Bound {
    const { operator, start, end } = expression
    if (operator === 'AND' || operator === 'OR') {
      const left = this.bindCondition(expression.left)
      const right = this.bindCondition(expression.right)
      const kind = operator === 'AND' ? 'and' : 'or'
      return { kind, left, right, type: BOOLEAN, nullable: left.nullable || right.nullable, start, end }
    }
    const left = this.bind(expression.left)
    const right = this.bind(expression.right)
    let result: Bound | undefined
    if (operator === '||') {
      const texts = [left, right].map(e =>
        ['STRING', 'DYNAMIC', 'NULL'].includes(e.type.kind) ? cast(e, STRING) : undefined
      )
      if (texts.every(text => text !== undefined)) {
        result = strict('||', STRING, texts, ([a, b]) => `(${a} + ${b})`, expression)
      }
    } else if ('+-*/%'.includes(operator)) {
      result = arithmetic(operator as ArithmeticOperator, left, right, expression)
    } else {
      result = this.compare(operator as ComparisonOperator, left, right, expression)
    }
    return result ?? this.mismatch(operator, left, right, expression)
  }

  compare(operator: ComparisonOperator, left: Bound, right: Bound, span: Span): Bound {
    return compare(operator, left, right, span) ?? this.mismatch(operator, left, right, span)
  }

  private mismatch(operator: string, left: Bound, right: Bound, span: Span): never {
    const types = `${typeName(left.type)} ${operator} ${typeName(right.type)}`
    throw this.error('type', `${types} is not possible: use CAST`, span)
  }

  private bindCast(expression: Extract<Expression, { kind: 'cast' }>): Bound {
    const operand = this.bind(expression.operand)
    const { type, start, end } = expression
    const result = cast(operand, type, expression)
    if (result === undefined) {
      throw this.error('type', `no CAST from ${typeName(operand.type)} to ${typeName(type)}`, expression)
    }
    return expression.safe ? { kind: 'attempt', operand: result, type, nullable: true, start, end } : result
  }
}
