import {
  OperationNodeTransformer,
  RawNode,
  type DataTypeNode,
  type KyselyPlugin,
  type OperationNode,
} from 'kysely'

/** Gives every text column of a migration the order of SQLite and of JavaScript, whatever the database's own. */
export const collatePlugin: KyselyPlugin = {
  transformQuery: ({ node, queryId }) => new CollatingTransformer().transformNode(node, queryId),
  transformResult: ({ result }) => Promise.resolve(result),
}

class CollatingTransformer extends OperationNodeTransformer {
  protected override transformDataType(node: DataTypeNode): DataTypeNode {
    if (node.dataType !== 'text') return node
    // The compiler prints whatever node stands in the place of the type.
    const collated: OperationNode = RawNode.createWithSql('text collate "C"')
    return collated as DataTypeNode
  }
}
