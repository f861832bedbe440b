using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ModelTool.Import;
using ModelTool.Tests.Support;

namespace ModelTool.Tests.Import;

/// <summary>Headers that nobody would write: either refused with one clear exception, or all that they say holds.</summary>
public sealed class SafetensorsHeaderTests
{
    private static readonly string Valid =
        "{" + string.Join(", ", RawSafetensors.Tensor("a", "F32", "[2, 3]", 0, 24), RawSafetensors.Tensor("b", "F16", "[4]", 24, 32), RawSafetensors.Tensor("c", "I64", "[1]", 32, 40)) + "}";

    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(3_000).WithQuietOnSuccess(true);

    /// <summary>Numbers that break arithmetic.</summary>
    private static readonly Gen<string> Numbers = Gen.Elements(
        "0", "1", "2", "3", "4", "8", "24", "32", "40", "41", "-1", "1.5", "1e2", "2147483647", "2147483648", "4294967296", "4611686018427387904",
        "9223372036854775807", "9223372036854775808", "18446744073709551615", "1e400", "null", "\"4\"", "[]", "{}", "true");

    [Fact]
    public void Read_ShouldHoldOrRefuse_WhenNumbersAreReplaced()
    {
        var generator =
            from begin in Numbers
            from end in Numbers
            from shape in Gen.ListOf(Numbers)
            from type in Gen.Elements("F32", "F16", "BF16", "I64", "F8_E4M3", "F33", "", "f32")
            from data in Gen.Elements(0, 4, 8, 24, 32, 40)
            select RawSafetensors.Of(
                Encoding.UTF8.GetBytes($"{{\"w\": {{\"dtype\": \"{type}\", \"shape\": [{string.Join(", ", shape.Take(4))}], \"data_offsets\": [{begin}, {end}]}}}}"), new byte[data]);

        Check.One(Thorough, Prop.ForAll(generator.ToArbitrary(), HoldsOrIsRefused));
    }

    [Fact]
    public void Read_ShouldHoldOrRefuse_WhenBytesAreReplaced()
    {
        var whole = RawSafetensors.Of(Encoding.UTF8.GetBytes(Valid), new byte[40]);
        Assert.True(HoldsOrIsRefused(whole));
        var generator =
            from places in Gen.ListOf(Gen.Choose(0, whole.Length - 41))
            from values in Gen.ArrayOf(Gen.Choose(0, 255))
            from cut in Gen.Choose(0, whole.Length)
            from shorten in Gen.Elements(true, false)
            select Spoil(whole, [.. places.Take(3)], values, shorten ? cut : whole.Length);

        Check.One(Thorough, Prop.ForAll(generator.ToArbitrary(), HoldsOrIsRefused));
    }

    private static byte[] Spoil(byte[] whole, int[] places, int[] values, int length)
    {
        var copy = whole.ToArray();
        for (var i = 0; i < Math.Min(places.Length, values.Length); i++)
        {
            copy[places[i]] = (byte)values[i];
        }

        return copy[..length];
    }

    private static bool HoldsOrIsRefused(byte[] content)
    {
        try
        {
            var tensors = SafetensorsHeader.Read(new MemoryStream(content), "f");
            return tensors.Values.All(tensor =>
                tensor.Offset >= 8
                && tensor.Count == tensor.Shape.Aggregate(1L, (count, size) => checked(count * size))
                && tensor.Offset + checked(tensor.Count * SafetensorsHeader.ElementSize(tensor.Type)) <= content.Length);
        }
        catch (ToolException e)
        {
            return e.Message.StartsWith("f is no whole safetensors file: ", StringComparison.Ordinal);
        }
    }
}
