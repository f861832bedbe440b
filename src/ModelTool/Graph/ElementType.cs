namespace ModelTool.Graph;

/// <summary>Types of a tensor's elements; the values are those of the ONNX format.</summary>
internal enum ElementType
{
    Float = 1,
    UInt8 = 2,
    Int8 = 3,
    Int32 = 6,
    Int64 = 7,
    Bool = 9,
    Float16 = 10,
    Double = 11,
}
