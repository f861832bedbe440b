using System.Diagnostics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using StreamScorer.Operate.Tracing;

namespace StreamScorer.Tests.Operate.Tracing;

public sealed class TraceParentTests
{
    private const string Good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(5_000).WithQuietOnSuccess(true);

    [Theory]
    [InlineData(Good, true)]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", false)]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03", true)]
    [InlineData("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true)]
    [InlineData("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-will-be", true)]
    public void TryParse_ShouldReadWhatTheStandardAllows(string header, bool isSampled)
    {
        Assert.True(TraceParent.TryParse(Encoding.ASCII.GetBytes(header), out var parent));
        Assert.Equal(("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", isSampled), (parent.Trace.ToHexString(), parent.Span.ToHexString(), parent.IsSampled));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011")]
    [InlineData("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011")]
    [InlineData("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    [InlineData("0g-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    [InlineData("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01")]
    [InlineData("00-00000000000000000000000000000000-00f067aa0ba902b7-01")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x")]
    [InlineData("00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01")]
    [InlineData(" 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    public void TryParse_ShouldRefuse_WhatIsMalformed(string header) => Assert.False(TraceParent.TryParse(Encoding.ASCII.GetBytes(header), out _));

    [Fact]
    public void TryParse_ShouldNeitherThrowNorAccept_AnyOtherBytes()
        => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => !TraceParent.TryParse(bytes, out _)).Check(Thorough);

    /// <summary>One byte of a good header, whichever, made any other: .NET's own parser reads the same, but that it does not look at the hyphens.</summary>
    [Fact]
    public void TryParse_ShouldAgreeWithTheRuntime_WhenAByteIsChanged()
    {
        var mutants = (from place in Gen.Choose(0, Good.Length - 1) from value in Gen.Choose(0, 255) select (place, (byte)value)).ToArbitrary();

        Prop.ForAll(mutants, mutant =>
        {
            var bytes = Encoding.ASCII.GetBytes(Good);
            bytes[mutant.place] = mutant.Item2;
            var text = Encoding.Latin1.GetString(bytes);
            var isOurs = TraceParent.TryParse(bytes, out var parent);
            var isTheirs = ActivityContext.TryParse(text, null, out var theirs);
            var isHyphen = Good[mutant.place] == '-';
            return ((isOurs == isTheirs || isHyphen) && (isTheirs || !isOurs) && (!isOurs || (parent.Trace == theirs.TraceId && parent.Span == theirs.SpanId && parent.IsSampled == theirs.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)))).Label(text);
        }).Check(Thorough);
    }

    [Fact]
    public void ToBytes_ShouldBeReadAgainAsItWas()
    {
        var parent = new TraceParent(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), 3);

        Assert.True(TraceParent.TryParse(parent.ToBytes(), out var again));
        Assert.Equal(parent, again);
    }

    [Fact]
    public void ToBytes_ShouldKeepOnlyFlagsThatItKnows()
        => Assert.EndsWith("-03", (new TraceParent(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), 0xFF)).ToString(), StringComparison.Ordinal);
}
