import Annotations

extension COCOIdentifier {
    /// Ids in ascending order, each once.
    static func sortedUnique(_ ids: [COCOIdentifier]) -> [COCOIdentifier] { Set(ids).sorted() }
}
