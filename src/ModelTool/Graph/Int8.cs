namespace ModelTool.Graph;

/// <summary>Symmetric quantization of constants to -127..127: value = quantized * scale.</summary>
internal static class Int8
{
    public const float Largest = 127f;

    /// <summary>One scale a row.</summary>
    public static (sbyte[] Values, float[] Scales) Rows(float[] matrix, int columns)
    {
        var scales = new float[matrix.Length / columns];
        for (var row = 0; row < scales.Length; row++)
        {
            foreach (var value in matrix.AsSpan(row * columns, columns))
            {
                scales[row] = Math.Max(scales[row], Math.Abs(value));
            }

            scales[row] = ToScale(scales[row]);
        }

        return (Quantize(matrix, index => scales[index / columns]), scales);
    }

    /// <summary>One scale a column.</summary>
    public static (sbyte[] Values, float[] Scales) Columns(float[] matrix, int columns)
    {
        var scales = new float[columns];
        for (var i = 0; i < matrix.Length; i++)
        {
            scales[i % columns] = Math.Max(scales[i % columns], Math.Abs(matrix[i]));
        }

        for (var column = 0; column < columns; column++)
        {
            scales[column] = ToScale(scales[column]);
        }

        return (Quantize(matrix, index => scales[index % columns]), scales);
    }

    // What is zero throughout stays zero under any scale.
    private static float ToScale(float largest) => largest > 0 ? largest / Largest : 1;

    private static sbyte[] Quantize(float[] matrix, Func<int, float> scaleAt) =>
        [.. matrix.Select((value, index) => (sbyte)Math.Clamp(MathF.Round(value / scaleAt(index)), -Largest, Largest))];
}
