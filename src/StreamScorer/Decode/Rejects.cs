using System.Buffers;
using System.Text.Unicode;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Decode;

/// <summary>The sentences people read in a dead letter. Positions are byte offsets in the value, from 0; never any of the value itself.</summary>
internal static class Rejects
{
    public static Reject Empty { get; } = new(RejectReason.NotJson, "The value is empty; it must be one JSON document.");

    public static Reject UnpairedSurrogate { get; } = new(
        RejectReason.UnpairedSurrogate, "The text has an escape for one half of a surrogate pair (\\ud800 to \\udfff) without the other half.");

    public static Reject NothingToRead { get; } = new(
        RejectReason.EmptyText, "The text is empty, or only white space and invisible characters.");

    /// <summary>[CLS] and [SEP]; a text with no other token says nothing to the model.</summary>
    public const int ControlTokens = 2;

    public static Reject NothingForTheModel { get; } = new(
        RejectReason.EmptyText, "The text has only characters that the model does not read, such as controls or white space.");

    public static Reject NotJson(long position, int length) => position >= length
        ? new(RejectReason.NotJson, $"The value is not JSON: it ends too early, after {length} bytes.")
        : new(RejectReason.NotJson, $"The value is not one JSON document: what stands at byte offset {position} is not allowed there.");

    public static Reject TooDeep(int limit)
        => new(RejectReason.TooDeep, $"Objects and arrays are nested deeper than the limit of {limit} levels.");

    public static Reject TooLong(int length, int limit)
        => new(RejectReason.TextTooLong, $"The text has {length} bytes, over the limit of {limit}.");

    public static Reject InvalidUtf8(ReadOnlySpan<byte> value)
        => new(RejectReason.InvalidUtf8, $"The value is not UTF-8: the bytes at byte offset {FirstInvalid(value)} are not a character.");

    /// <summary>The text field, called <paramref name="field"/> in the options, does not hold a string.</summary>
    public static Reject NoText(FieldKind kind, string field) => kind switch
    {
        FieldKind.Missing => new(RejectReason.MissingText, $"There is no text: the document has no field {field}."),
        FieldKind.Null => new(RejectReason.MissingText, $"There is no text: {Field(field)} is null."),
        FieldKind.Blocked => new(
            RejectReason.WrongType,
            $"The document has another shape than the field {field} asks for: a value stands where an object must be."),
        _ => new(RejectReason.WrongType, $"{Field(field, capital: true)} is not a string."),
    };

    private static string Field(string field, bool capital = false)
        => (capital ? "The " : "the ") + (field.Length == 0 ? "document" : "field " + field);

    private static long FirstInvalid(ReadOnlySpan<byte> value)
    {
        Span<char> buffer = stackalloc char[512];
        var offset = 0;
        OperationStatus status;
        do
        {
            status = Utf8.ToUtf16(value[offset..], buffer, out var read, out _, replaceInvalidSequences: false);
            offset += read;
        }
        while (status == OperationStatus.DestinationTooSmall);

        return offset;
    }
}
