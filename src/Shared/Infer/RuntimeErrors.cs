using System.Collections.Frozen;
using System.Globalization;
using System.Text.RegularExpressions;

namespace StreamScorer.Shared.Infer;

/// <summary>
/// Reads what ONNX Runtime says when it fails. Its error codes tell little (out of memory, a lost device and a bad kernel are all
/// <c>RuntimeException</c>), and .NET does not show them but in the message, so the message is all there is.
/// </summary>
public static partial class RuntimeErrors
{
    /// <summary>
    /// The arena's own words on every device (up to 1.15 with 'allocated'), the C++ runtime's on Linux and Windows, and the CUDA libraries'.
    /// </summary>
    private static readonly string[] NoMemory =
        ["Failed to allocate", "bad_alloc", "bad allocation", "out of memory", "STATUS_ALLOC_FAILED"];

    /// <summary>Codes by which ONNX Runtime refuses what it was given, before or in a kernel.</summary>
    private static readonly string[] Refused = ["[ErrorCode:InvalidArgument]", "[ErrorCode:NotImplemented]", "out of data bounds", "invalid expand shape"];

    /// <summary>
    /// cudaError_t after which, by CUDA's documentation, the process must end, because its context answers every later call with the same error:
    /// unloading (4), ECC (214), NVLink (220), illegal address (700), timeout of a launch (702), context destroyed (709), assert (710),
    /// hardware stack, instruction, alignment, address space and program counter (714 to 718), launch failure (719).
    /// </summary>
    private static readonly FrozenSet<int> Sticky = FrozenSet.Create(4, 214, 220, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719);

    public static InferenceFailure Classify(string message)
    {
        if (CudaFailure().Match(message) is { Success: true } cuda && Sticky.Contains(int.Parse(cuda.Groups[1].ValueSpan, CultureInfo.InvariantCulture)))
        {
            return InferenceFailure.Device;
        }

        return Has(message, NoMemory) ? InferenceFailure.OutOfMemory
            : Has(message, Refused) ? InferenceFailure.Rows
            : InferenceFailure.Transient;
    }

    /// <summary>The first line without a full stop, and without what the CUDA provider adds about the machine.</summary>
    public static string Brief(string message)
    {
        var line = message.AsSpan();
        var end = line.IndexOfAny('\r', '\n');
        line = end < 0 ? line : line[..end];
        var machine = line.IndexOf(" ; GPU=", StringComparison.Ordinal);
        return (machine < 0 ? line : line[..machine]).TrimEnd(". ").ToString();
    }

    private static bool Has(string message, string[] parts) => parts.Any(part => message.Contains(part, StringComparison.Ordinal));

    [GeneratedRegex(@"CUDA (?:failure|error) (\d{1,9}):")]
    private static partial Regex CudaFailure();
}
